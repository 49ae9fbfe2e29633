#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times whole training steps in PyTorch: forward, backward and update, on one batch that is there already.

With --serve a driver alternates peers: each line of stdin asks for one step, and is answered by its seconds.
Either way the last line is a record in JSON. PyTorch is at its best when the caller's environment has
MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456
GLIBC_TUNABLES=glibc.malloc.hugetlb=1
"""

import argparse
import json
import statistics

import torch
from torch import nn
from torch.nn import functional as F

from common import answer, memory_mib, requests, seconds_of
from torch_common import IMPORT_RSS_MIB, identity, use_threads


def conv(inputs, outputs, kernel, stride=1):
    """A convolution without bias, which keeps the resolution unless it strides, and batch norm."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]


def nin_block(inputs, kernel, widths):
    layers = []
    for outputs in widths:
        layers += [*conv(inputs, outputs, kernel), nn.ReLU(inplace=True)]
        inputs, kernel = outputs, 1
    return layers


def nin4():
    """RotNet's network in network, as include/pretext/models/nin.hpp has it."""
    return nn.Sequential(
        *nin_block(3, 5, (192, 160, 96)),
        nn.MaxPool2d(3, 2, 1),
        *nin_block(96, 5, (192, 192, 192)),
        nn.AvgPool2d(3, 2, 1),
        *nin_block(192, 3, (192, 192, 192)),
        *nin_block(192, 3, (192, 192, 192)),
    )


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            *conv(inputs, outputs, 3, stride), nn.ReLU(inplace=True), *conv(outputs, outputs, 3)
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv(inputs, outputs, 1, stride))

    def forward(self, x):
        y = self.body(x)
        y += self.shortcut(x)
        return F.relu(y, inplace=True)


def resnet18():
    """ResNet-18 for pictures of 32 x 32: a stem of 3 x 3 without stride or pooling."""
    layers, inputs = [*conv(3, 64, 3), nn.ReLU(inplace=True)], 64
    for outputs, stride in (64, 1), (128, 2), (256, 2), (512, 2):
        layers += [Residual(inputs, outputs, stride), Residual(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(*layers)


MODELS = {"nin4": (nin4, 192, 4), "resnet18": (resnet18, 512, 10)}
SETTINGS = ("nchw", "channels_last", "mkldnn", "compiled")


class Training:
    """Steps of a model on one random batch; `compiled` keeps channels last as well."""

    def __init__(self, model, setting, batch):
        make, features, classes = MODELS[model]
        torch.manual_seed(1)
        self.backbone, self.head = make(), nn.Linear(features, classes)
        self.pictures, self.labels = torch.randn(batch, 3, 32, 32), torch.randint(0, classes, (batch,))
        if setting in ("channels_last", "compiled"):
            self.backbone = self.backbone.to(memory_format=torch.channels_last)
            self.pictures = self.pictures.to(memory_format=torch.channels_last)
        self.mkldnn = setting == "mkldnn"
        self.loss = torch.compile(self.eager_loss) if setting == "compiled" else self.eager_loss
        params = [*self.backbone.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.SGD(
            params, lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True
        )

    def eager_loss(self):
        maps = self.backbone(self.pictures.to_mkldnn() if self.mkldnn else self.pictures)
        maps = maps.to_dense() if self.mkldnn else maps
        return F.cross_entropy(self.head(maps.mean((2, 3))), self.labels)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="nin4")
    parser.add_argument("--setting", choices=SETTINGS, default="channels_last")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=5, help="without --serve")
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--serve", action="store_true", help="one step for each line of stdin")
    return parser.parse_args()


def main():
    args = arguments()
    use_threads(args.threads)
    training = Training(args.model, args.setting, args.batch)
    losses = [training.step() for _ in range(args.warmup)]
    step_s = []
    for _ in requests() if args.serve else range(args.steps):
        step_s.append(seconds_of(lambda: losses.append(training.step())))
        if args.serve:
            answer(step_s[-1])
    record = identity() | {
        "model": args.model,
        "setting": args.setting,
        "threads": args.threads,
        "batch": args.batch,
        "step_s": step_s,
        "images_s": args.batch / statistics.median(step_s) if step_s else None,
        "loss": losses[:1] + losses[-1:],
        "import_rss_mib": IMPORT_RSS_MIB,
        "peak_rss_mib": memory_mib("VmHWM"),
    }
    answer(json.dumps(record))


if __name__ == "__main__":
    main()
