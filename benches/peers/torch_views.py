#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws batches of views in torchvision (transforms v2): a random resized crop of 224 from pictures of 256, mirrored
half the time, with colour jitter and blur where the line asks for them, normalised.

Each line of stdin, "crop", "jitter" or "blur", asks for one batch, and is answered by its seconds. Settings: "tensor"
and "pil" draw in this process; "tensor_workers" and "pil_workers" in as many processes of a DataLoader as there are
threads, and a line is the mean of four batches. The last line is a record in JSON.
"""

import argparse
import json
import statistics
import sys

import torch
import torchvision
from torchvision.transforms import v2

from common import answer, requests, seconds_of
from torch_common import identity, use_threads

SETTINGS = ("tensor", "pil", "tensor_workers", "pil_workers")
BATCHES = 4  # of a line, where there are workers


def transforms(change):
    steps = [v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip()]
    if change != "crop":
        steps.append(v2.ColorJitter(0.4, 0.4, 0.4, 0.1))
    if change == "blur":
        steps.append(v2.GaussianBlur(13, (0.1, 2.0)))
    return v2.Compose(
        [
            *steps,
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )


class Views(torch.utils.data.Dataset):
    def __init__(self, pictures, change, length):
        self.pictures, self.transform, self.length = pictures, transforms(change), length

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        return self.transform(self.pictures[i % len(self.pictures)])


class Drawing:
    """Batches of one change."""

    def __init__(self, pictures, change, workers):
        count = len(pictures)
        self.workers = workers
        self.views = Views(pictures, change, BATCHES * count if workers else count)
        if workers:
            self.loader = torch.utils.data.DataLoader(
                self.views, batch_size=count, num_workers=workers, persistent_workers=True
            )
        self.seconds = []
        self.batches()

    def batches(self):
        if not self.workers:
            torch.stack([self.views[i] for i in range(len(self.views))])
            return
        for _ in self.loader:
            pass

    def measure(self):
        seconds = seconds_of(self.batches)
        self.seconds.append(seconds / BATCHES if self.workers else seconds)
        return self.seconds[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setting", choices=SETTINGS, default="tensor")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pictures", type=int, default=32)
    args = parser.parse_args()
    use_threads(args.threads)
    torch.manual_seed(1)
    pictures = list(torch.randint(0, 256, (args.pictures, 3, 256, 256), dtype=torch.uint8))
    if args.setting.startswith("pil"):
        pictures = [v2.functional.to_pil_image(p) for p in pictures]
    workers = args.threads if args.setting.endswith("workers") else 0
    drawings = {}
    for line in requests():
        change = line.strip()
        if change not in drawings:
            drawings[change] = Drawing(pictures, change, workers)
        answer(drawings[change].measure())
    for change, drawing in drawings.items():
        record = identity() | {
            "torchvision": torchvision.__version__,
            "setting": args.setting,
            "threads": args.threads,
            "views": change,
            "views_s": args.pictures / statistics.median(drawing.seconds),
        }
        answer(json.dumps(record))


if __name__ == "__main__":
    sys.exit(main())
