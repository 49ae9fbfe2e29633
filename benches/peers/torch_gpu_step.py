#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times RotNet's training steps in PyTorch on a GPU: crops, mirrors and quarter turns of pictures that are resident
there, forward in bf16, backward, and Nesterov's update.

With --serve a driver alternates peers: each line of stdin asks for one block of steps, and is answered by the seconds of
one step. The last line is a record in JSON.
"""

import argparse
import json
import statistics

import torch
from torch import nn
from torch.nn import functional as F

from common import answer, requests, seconds_of
from torch_common import identity
from torch_gpu_common import Views, record
from torch_step import MODELS

SETTINGS = ("eager", "compiled", "reduce-overhead", "graph")


class Training:
    def __init__(self, model, setting, pictures, dtype):
        make, features, _ = MODELS[model]
        torch.manual_seed(1)
        torch.backends.cudnn.benchmark = True
        self.n, self.dtype, self.setting = pictures, dtype, setting
        self.net = nn.Sequential(make(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, 4))
        self.net = self.net.cuda().to(memory_format=torch.channels_last)
        self.data = torch.randint(0, 256, (50000, 32, 32, 3), dtype=torch.uint8, device="cuda")
        self.order = torch.randperm(50000, device="cuda")
        self.views = Views()
        self.labels = torch.arange(4, device="cuda").repeat(pictures)
        self.optimizer = torch.optim.SGD(
            self.net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True
        )
        self.first = torch.zeros((), dtype=torch.long, device="cuda")
        self.steps, self.replay = 0, None
        self.forward = self.loss
        if setting in ("compiled", "reduce-overhead"):
            self.forward = torch.compile(self.loss, mode="reduce-overhead" if setting == "reduce-overhead" else None)

    def inputs(self):
        """[4 n, 3, 32, 32], channels last: each picture cropped, mirrored half the time, and turned."""
        n = self.n
        chosen = self.order[(self.first + torch.arange(n, device="cuda")) % 50000]
        x = self.views.moved(self.data[chosen])
        turned = torch.stack([torch.rot90(x, k, (1, 2)) for k in range(4)], 1).flatten(0, 1)
        return turned.to(self.dtype).permute(0, 3, 1, 2)

    def loss(self):
        with torch.autocast("cuda", self.dtype, enabled=self.dtype != torch.float32):
            return F.cross_entropy(self.net(self.inputs()), self.labels)

    def work(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.forward()
        loss.backward()
        self.optimizer.step()
        self.first += self.n
        return loss

    def record(self):
        graph, self.last = record(self.work)
        self.replay = graph.replay

    def warm_up(self):
        if self.setting == "graph":
            self.record()
        for _ in range(5):
            self.step()
        torch.cuda.synchronize()

    def step(self):
        self.replay() if self.replay else self.work()

    def block(self, seconds=0.25):
        """The GPU's seconds of one step, over as many as take so long."""
        if self.steps == 0:
            trial = seconds_of(lambda: [self.step() for _ in range(10)] and torch.cuda.synchronize()) / 10
            self.steps = max(10, round(seconds / trial))
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(self.steps):
            self.step()
        end.record()
        torch.cuda.synchronize()
        return begin.elapsed_time(end) / 1000 / self.steps


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="nin4")
    parser.add_argument("--setting", choices=SETTINGS, default="graph")
    parser.add_argument("--pictures", type=int, default=128, help="a step, before they are turned")
    parser.add_argument("--type", choices=("bf16", "f32"), default="bf16")
    parser.add_argument("--serve", action="store_true", help="one block of steps for each line of stdin")
    return parser.parse_args()


def main():
    args = arguments()
    dtype = torch.bfloat16 if args.type == "bf16" else torch.float32
    training = Training(args.model, args.setting, args.pictures, dtype)
    first_s = seconds_of(training.warm_up)
    step_s = []
    for _ in requests() if args.serve else range(5):
        step_s.append(training.block())
        if args.serve:
            answer(step_s[-1])
    record = identity() | {"model": args.model, "setting": args.setting, "type": args.type, "pictures": args.pictures}
    record |= {"gpu": torch.cuda.get_device_name(), "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    record |= {"images_s": 4 * args.pictures / statistics.median(step_s) if step_s else None, "step_s": step_s}
    answer(json.dumps(record | {"warm_up_s": first_s, "peak_mib": torch.cuda.max_memory_allocated() >> 20}))


if __name__ == "__main__":
    main()
