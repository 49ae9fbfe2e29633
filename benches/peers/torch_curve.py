#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains ResNet-18 for small pictures in PyTorch from the same weights, on the same batches, as benches/curve.cpp does,
and compares the losses step by step.

  .cache/peers/bin/python benches/peers/torch_curve.py DATA [--out benches/results/resnet18_curve.json]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch
import torchvision
from safetensors.torch import load_file
from torch import nn

from torch_common import identity

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benches"))
from compare import command, processor, revision  # noqa: E402


def resnet18(classes):
    """torchvision's, with the stem for small pictures: 3 x 3 without stride or pooling."""
    net = torchvision.models.resnet18(num_classes=classes)
    net.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    net.maxpool = nn.Identity()
    return net


def ours(options, precision, folder):
    words = [options.curve, options.data, folder, options.steps, options.batch, options.rate, precision]
    lines = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
    return [json.loads(line)["loss"] for line in lines.splitlines()]


def theirs(options, folder):
    weights = load_file(f"{folder}/weights.safetensors")
    net = resnet18(len(weights["fc.bias"]))
    net.load_state_dict(weights, strict=True)
    net = net.to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(net.parameters(), options.rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
    inputs, labels = (numpy.load(f"{folder}/{name}.npy") for name in ("inputs", "labels"))
    losses = []
    for x, y in zip(inputs, labels):
        loss = nn.functional.cross_entropy(net(torch.from_numpy(x).permute(0, 3, 1, 2)), torch.from_numpy(y).long())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    return losses


def markdown(record):
    curves = record["losses"]
    lines = [
        "# ResNet-18 beside PyTorch",
        "",
        f"`{record['command']}` on {record['processor']}, {record['date']}, revision {record['revision']}; {record['torch']}. "
        f"Loss of each step before its update: batch {record['batch']}, SGD with Nesterov momentum 0.9, weight decay 5e-4, rate {record['rate']}; "
        "initial weights, order and augmentation are ours in all columns.",
        "",
        "| step | PyTorch | ours, strict | difference | ours, fast | difference |",
        "|---|---|---|---|---|---|",
    ]
    for step, (torchs, strict, fast) in enumerate(zip(curves["torch"], curves["strict"], curves["fast"])):
        lines.append(f"| {step} | {torchs:.5f} | {strict:.5f} | {strict - torchs:+.1e} | {fast:.5f} | {fast - torchs:+.1e} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="CIFAR-10, in any form that the library opens")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--curve", type=Path, default=ROOT / "build/release/benches/curve")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        losses = {precision: ours(options, precision, folder) for precision in ("fast", "strict")}
        losses["torch"] = theirs(options, folder)
    record = {
        "command": command(options.data),
        "processor": processor(),
        "date": time.strftime("%Y-%m-%d"),
        "revision": revision(),
        "torch": f"PyTorch {identity()['version']}",
        "batch": options.batch,
        "rate": options.rate,
        "losses": losses,
    }
    for precision in ("strict", "fast"):
        worst = max(abs(a - b) for a, b in zip(losses[precision], losses["torch"]))
        print(f"{precision}: largest difference of losses in {options.steps} steps {worst:.2e}")
    if options.out:
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        options.out.with_suffix(".md").write_text(markdown(record), encoding="utf-8")


if __name__ == "__main__":
    main()
