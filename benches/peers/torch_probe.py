#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fits one linear layer in PyTorch to the features that `serve probe` wrote.

A driver alternates peers: a line "sgd L2 EPOCHS" is answered by the seconds of a fit by SGD with momentum in
batches of 256, "evaluation L2" by those of one loss of all rows with its gradient, "objective" by the loss that
the last fit reached, computed in double. The last line is a record in JSON.
"""

import argparse
import json
import math

import torch
from torch.nn import functional as F

import features
from common import answer, memory_mib, requests, seconds_of
from torch_common import identity, use_threads

BATCH = 256


class Probe:
    """The last fit and its features; the loss is the mean cross-entropy plus l2 / 2 times the squared weights."""

    def __init__(self, x, labels, classes):
        self.x, self.labels = torch.from_numpy(x), torch.from_numpy(labels).long()
        self.layer, self.classes, self.l2 = torch.nn.Linear(x.shape[1], classes), classes, 0.0

    def loss(self, x, labels):
        return F.cross_entropy(self.layer(x), labels) + 0.5 * self.l2 * self.layer.weight.square().sum()

    def evaluate(self):
        self.layer.zero_grad()
        self.loss(self.x, self.labels).backward()

    def fit(self, epochs):
        torch.nn.init.zeros_(self.layer.weight)
        torch.nn.init.zeros_(self.layer.bias)
        optimizer = torch.optim.SGD(self.layer.parameters(), lr=0.01, momentum=0.9)
        steps, done = len(self.x) // BATCH, 0
        for _ in range(epochs):
            order = torch.randperm(len(self.x))
            for step in range(steps):
                rows = order[step * BATCH : (step + 1) * BATCH]
                optimizer.param_groups[0]["lr"] = 0.005 * (1 + math.cos(math.pi * done / (steps * epochs)))
                optimizer.zero_grad()
                self.loss(self.x[rows], self.labels[rows]).backward()
                optimizer.step()
                done += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in "rows", "dims", "classes", "threads":
        parser.add_argument(name, type=int)
    parser.add_argument("file")
    args = parser.parse_args()
    use_threads(args.threads)
    x, labels = features.read(args.file, args.rows, args.dims)
    probe = Probe(x, labels, args.classes)
    for line in requests():
        what, *numbers = line.split()
        if what == "objective":
            weight, bias = (p.detach().numpy() for p in (probe.layer.weight, probe.layer.bias))
            answer(features.objective(x, labels, weight, bias, probe.l2))
            continue
        probe.l2 = float(numbers[0])
        answer(seconds_of(probe.evaluate if what == "evaluation" else lambda: probe.fit(int(numbers[1]))))
    answer(json.dumps(identity() | {"threads": args.threads, "peak_rss_mib": memory_mib("VmHWM")}))


if __name__ == "__main__":
    main()
