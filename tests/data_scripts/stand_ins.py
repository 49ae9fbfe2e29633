# SPDX-License-Identifier: MIT
"""Tiny files in the form of the published ones, and what data::open finds in them."""
import gzip
import io
import random
import tarfile

NOISE = random.Random(1)
NONE = "Error: {0}: has no unlabeled part; of all sources only STL-10 has one"


def archive(folder, files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def idx(dims, values):
    return gzip.compress(bytes([0, 0, 8, len(dims)]) + b"".join(d.to_bytes(4, "big") for d in dims) + values)


def cifar10():
    files = {f"data_batch_{i}.bin": bytes([i]) + NOISE.randbytes(3072) for i in range(1, 6)}
    files["test_batch.bin"] = b"\x09" + NOISE.randbytes(3072)
    return {"cifar-10-binary.tar.gz": archive("cifar-10-batches-bin", files)}


def cifar100():
    files = {"train.bin": 2 * (b"\x00\x01" + NOISE.randbytes(3072)), "test.bin": b"\x00\x63" + NOISE.randbytes(3072)}
    return {"cifar-100-binary.tar.gz": archive("cifar-100-binary", files)}


def stl10():
    files = {"train_X.bin": NOISE.randbytes(2 * 27648), "train_y.bin": b"\x08\x01"}
    files |= {"test_X.bin": NOISE.randbytes(27648), "test_y.bin": b"\x01"}
    files["unlabeled_X.bin"] = NOISE.randbytes(3 * 27648)
    return {"stl10_binary.tar.gz": archive("stl10_binary", files)}


def mnist():
    files = {}
    for part, count in (("train", 40), ("t10k", 10)):
        files[f"{part}-images-idx3-ubyte.gz"] = idx([count, 28, 28], NOISE.randbytes(count * 784))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx([count], bytes([9] * count))
    return files


# Script: the files it fetches, the folder it makes, what is in the parts of that.
SETS = {
    "get_cifar10": (cifar10(), "cifar-10-batches-bin",
                    ("5 pictures of 32 pixels, 10 classes, the first one's is automobile",
                     "1 pictures of 32 pixels, 10 classes, the first one's is truck", NONE)),
    "get_cifar100": (cifar100(), "cifar-100-binary",
                     ("2 pictures of 32 pixels, 100 classes, the first one's is aquarium_fish",
                      "1 pictures of 32 pixels, 100 classes, the first one's is worm", NONE)),
    "get_stl10": (stl10(), "stl10_binary",
                  ("2 pictures of 96 pixels, 10 classes, the first one's is monkey",
                   "1 pictures of 96 pixels, 10 classes, the first one's is airplane",
                   "3 pictures of 96 pixels, 0 classes, the first one's is none")),
    "get_mnist": (mnist(), "mnist",
                  ("40 pictures of 28 pixels, 10 classes, the first one's is 9",
                   "10 pictures of 28 pixels, 10 classes, the first one's is 9", NONE)),
    "get_fashion_mnist": (mnist(), "fashion-mnist",
                          ("40 pictures of 28 pixels, 10 classes, the first one's is Ankle boot",
                           "10 pictures of 28 pixels, 10 classes, the first one's is Ankle boot", NONE)),
}
