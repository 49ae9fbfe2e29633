#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times single convolutions in PyTorch: forward, backward to the data and backward to the weights.

With --serve a driver alternates peers: each line of stdin, "layer pass algo", is answered by the seconds of
one run, or by "none" where PyTorch cannot. The last lines are records in JSON, one for each row timed.
"""

import argparse
import itertools
import json
import re
import statistics

import torch

from common import answer, requests, seconds_of
from torch_common import identity, use_threads

# Kernel x kernel _ channels in _ channels out _ height and width of the map.
LAYERS = (
    "5x5_3_192_32",
    "1x1_192_160_32",
    "1x1_160_96_32",
    "5x5_96_192_16",
    "1x1_192_192_16",
    "3x3_192_192_8",
    "1x1_192_192_8",
    "3x3_64_64_32",
    "3x3_128_128_16",
    "3x3_256_256_8",
    "3x3_512_512_4",
)
# What aten.convolution_backward is to give: the gradients of the data, of the weights and of the bias.
BACKWARD = {"backward_data": [True, False, False], "backward_weights": [False, True, False]}
PASSES = ("forward", *BACKWARD)
ALGOS = ("nchw", "channels_last", "mkldnn")
FLOP_A_RUN = 8e9  # small layers are repeated until a run takes about that much


def shape(layer):
    """Kernel, channels in and out, height and width of the map."""
    kernel, _, inputs, outputs, size = (int(number) for number in re.split("[x_]", layer))
    return kernel, inputs, outputs, size


class Bench:
    """Runs rows (layer, pass, algo), and holds the tensors of one layer at a time."""

    def __init__(self, batch):
        self.batch, self.layer, self.tasks, self.seconds = batch, None, {}, {}

    def flop(self, layer):
        kernel, inputs, outputs, size = shape(layer)
        return 2 * self.batch * size * size * inputs * outputs * kernel * kernel

    def make(self, layer, which, algo):
        kernel, inputs, outputs, size = shape(layer)
        tensors = {
            "x": torch.rand(self.batch, inputs, size, size) - 0.5,
            "w": torch.rand(outputs, inputs, kernel, kernel) - 0.5,
            "dy": torch.rand(self.batch, outputs, size, size) - 0.5,
        }
        if algo == "channels_last":
            tensors = {name: t.contiguous(memory_format=torch.channels_last) for name, t in tensors.items()}
        if algo == "mkldnn":  # as in training, the weights stay plain
            tensors = {name: t if name == "w" else t.to_mkldnn() for name, t in tensors.items()}
        x, w, dy = tensors.values()
        geometry = [1, 1], [kernel // 2] * 2, [1, 1], False, [0, 0], 1
        if which == "forward":
            return lambda: torch.ops.aten.convolution(x, w, None, *geometry)
        return lambda: torch.ops.aten.convolution_backward(dy, x, w, None, *geometry, BACKWARD[which])

    def run(self, layer, which, algo):
        """The seconds of one convolution; none where PyTorch has no such kernel."""
        if layer != self.layer:
            self.layer, self.tasks = layer, {}
        if (which, algo) not in self.tasks:
            task = self.make(layer, which, algo)
            try:
                task()
            except RuntimeError:
                task = None
            self.tasks[which, algo] = task
        task, runs = self.tasks[which, algo], max(1, int(FLOP_A_RUN / self.flop(layer)))
        if task is None:
            return None
        seconds = seconds_of(lambda: [task() for _ in range(runs)]) / runs
        self.seconds.setdefault((layer, which, algo), []).append(seconds)
        return seconds

    def serve(self):
        for line in requests():
            layer, which, algo = line.split()
            seconds = self.run(layer, which, algo)
            answer("none" if seconds is None else seconds)

    def records(self):
        for (layer, which, algo), seconds in self.seconds.items():
            yield {
                "layer": layer,
                "pass": which,
                "algo": algo,
                "batch": self.batch,
                "seconds": seconds,
                "gflops": self.flop(layer) / statistics.median(seconds) / 1e9,
            }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5, help="without --serve")
    parser.add_argument("--serve", action="store_true", help='one run for each line "layer pass algo" of stdin')
    return parser.parse_args()


def main():
    args = arguments()
    use_threads(args.threads)
    bench = Bench(args.batch)
    with torch.no_grad():
        if args.serve:
            bench.serve()
        else:
            for layer in LAYERS:
                for _, which, algo in itertools.product(range(args.repeats), PASSES, ALGOS):
                    bench.run(layer, which, algo)
    for record in bench.records():
        answer(json.dumps(identity() | {"threads": args.threads} | record))


if __name__ == "__main__":
    main()
