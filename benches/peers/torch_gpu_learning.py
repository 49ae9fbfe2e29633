#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains ResNet-18 for small pictures on CIFAR-10 with labels, as `gpu learn` does, in PyTorch and with torchvision's
own initial weights, from the pictures that `gpu learn` left in FOLDER; prints a record of what it then knows.

  benches/peers/torch_gpu_learning.py FOLDER EPOCHS SEED bf16|f32
"""

import argparse
import json
import math
from pathlib import Path

import numpy
import torch
from torch.nn import functional as F

from common import answer, seconds_of
from torch_common import identity
from torch_gpu_common import Views, record
from torch_resnet import resnet18

BATCH, RATE = 128, 0.1


class Pictures:
    """A part of the data set on the GPU: bytes [N, 32, 32, 3] and labels [N]."""

    def __init__(self, folder, part):
        self.pixels = torch.from_numpy(numpy.load(folder / f"{part}.npy")).cuda()
        self.labels = torch.from_numpy(numpy.load(folder / f"{part}_labels.npy")).long().cuda()

    def __len__(self):
        return len(self.labels)


class Training:
    def __init__(self, pictures, seed, dtype):
        torch.manual_seed(seed)
        torch.backends.cudnn.benchmark = True
        self.pictures, self.dtype, self.views = pictures, dtype, Views()
        self.net = resnet18(10).cuda().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(
            self.net.parameters(), lr=RATE, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True
        )
        self.chosen = torch.zeros(BATCH, dtype=torch.long, device="cuda")

    def autocast(self):
        return torch.autocast("cuda", self.dtype, enabled=self.dtype != torch.float32)

    def logits(self, x):
        """Of inputs [n, 32, 32, 3]."""
        return self.net(x.permute(0, 3, 1, 2))

    def gradients(self):
        with self.autocast():
            logits = self.logits(self.views.moved(self.pictures.pixels[self.chosen]))
            loss = F.cross_entropy(logits, self.pictures.labels[self.chosen])
        self.optimizer.zero_grad(set_to_none=False)
        loss.backward()

    def record(self):
        """One CUDA graph of a step up to its gradients; the network is as it was before."""
        before = {name: value.clone() for name, value in self.net.state_dict().items()}
        self.graph, _ = record(self.gradients)
        self.net.load_state_dict(before)

    def train(self, epochs):
        self.record()
        per_epoch = len(self.pictures) // BATCH
        for step in range(int(epochs * per_epoch)):
            if step % per_epoch == 0:
                order = torch.randperm(len(self.pictures), device="cuda")
            first = step % per_epoch * BATCH
            self.chosen.copy_(order[first : first + BATCH])
            self.graph.replay()
            self.optimizer.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / (epochs * per_epoch))) / 2
            self.optimizer.step()
        torch.cuda.synchronize()

    def accuracy(self, test):
        self.net.eval()
        with torch.no_grad(), self.autocast():
            parts = torch.arange(len(test), device="cuda").split(250)
            right = sum((self.logits(self.views.normalized(test.pixels[i])).argmax(1) == test.labels[i]).sum() for i in parts)
        return right.item() / len(test)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("epochs", type=float)
    parser.add_argument("seed", type=int)
    parser.add_argument("type", choices=("bf16", "f32"))
    args = parser.parse_args()
    dtype = torch.bfloat16 if args.type == "bf16" else torch.float32
    training = Training(Pictures(args.folder, "train"), args.seed, dtype)
    seconds = seconds_of(lambda: training.train(args.epochs))
    record = identity() | {"type": args.type, "epochs": args.epochs, "seed": args.seed, "seconds": seconds}
    answer(json.dumps(record | {"test_accuracy": training.accuracy(Pictures(args.folder, "test"))}))


if __name__ == "__main__":
    main()
