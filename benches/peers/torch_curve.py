#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains ResNet-18 for small pictures in PyTorch from the same weights, on the same batches, as benches/curve.cpp does,
and compares the losses step by step: in double, where rounding does not hide a step that is another, and in float,
where it grows in both from step to step.

  .cache/peers/bin/python benches/peers/torch_curve.py DATA [--out benches/results/resnet18_curve.json]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file
from torch import nn

from torch_common import identity, use_threads
from torch_resnet import resnet18

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "benches"))
from compare import command, processor, revision  # noqa: E402


def ours(options, precision, folder):
    words = [options.curve, options.data, folder, options.steps, options.batch, options.rate, precision]
    threads = {**os.environ, "PRETEXT_THREADS": str(options.threads)}
    run = subprocess.run([str(word) for word in words], check=False, stdout=subprocess.PIPE, text=True, env=threads)
    if run.returncode != 0:
        sys.exit(run.returncode)
    return [json.loads(line)["loss"] for line in run.stdout.splitlines()]


def smooth(net):
    """Puts SiLU in the place of every ReLU."""
    for name, child in net.named_children():
        if isinstance(child, nn.ReLU):
            setattr(net, name, nn.SiLU())
        else:
            smooth(child)


def theirs(options, kind, folder, without_kinks=False):
    weights = load_file(f"{folder}/weights.safetensors")
    net = resnet18(len(weights["fc.bias"])).to(kind, memory_format=torch.channels_last)
    net.load_state_dict(weights, strict=True)
    if without_kinks:
        smooth(net)
    sgd = torch.optim.SGD(net.parameters(), options.rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
    inputs, labels = (numpy.load(f"{folder}/{name}.npy") for name in ("inputs", "labels"))
    losses = []
    for x, y in zip(inputs, labels):
        logits = net(torch.from_numpy(x).to(kind).permute(0, 3, 1, 2))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(y).long())
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    return losses


COLUMNS = {"double": "ours, double", "torch": "PyTorch, float", "strict": "ours, strict", "fast": "ours, fast"}


def parting(losses, name):
    """How far each step's loss is from PyTorch's in double."""
    return [a - b for a, b in zip(losses[name], losses["torch double"])]


def markdown(record):
    losses = record["losses"]
    apart = [parting(losses, name) for name in COLUMNS]
    lines = [
        "# ResNet-18 beside PyTorch",
        "",
        f"`{record['command']}` on {record['processor']}, {record['date']}, revision {record['revision']}; "
        f"{record['torch']}, {record['threads']} threads. Loss of each step before its update, and how far the others are "
        f"from it: batch {record['batch']}, SGD with Nesterov momentum 0.9, weight decay 5e-4, rate {record['rate']}; initial "
        "weights, order and augmentation are ours in all columns.",
        "",
        "| step | PyTorch, double | " + " | ".join(COLUMNS.values()) + " |",
        "|---|---" + "|---" * len(COLUMNS) + "|",
    ]
    for step, (loss, *others) in enumerate(zip(losses["torch double"], *apart)):
        lines.append(f"| {step} | {loss:.6f} | " + " | ".join(f"{other:+.1e}" for other in others) + " |")
    lines.append("| largest | | " + " | ".join(f"{max(map(abs, column)):.1e}" for column in apart) + " |")
    lines += [
        "",
        "In float a rounding turns some of the millions of ReLUs of a step the other way, here as in PyTorch: with SiLU in "
        f"their place PyTorch's float is never farther than {record['silu']:.1e} from its own double.",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="CIFAR-10, in any form that the library opens")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.001, help="above 0.01 the first steps amplify any rounding")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--curve", type=Path, default=ROOT / "build/release/benches/curve")
    options = parser.parse_args()
    use_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        losses = {precision: ours(options, precision, folder) for precision in ("fast", "strict")}
        losses["torch"] = theirs(options, torch.float32, folder)
        losses["double"] = ours(options, "double", folder)
        losses["torch double"] = theirs(options, torch.float64, folder)
        narrow, wide = (theirs(options, kind, folder, without_kinks=True) for kind in (torch.float32, torch.float64))
    record = {
        "command": command(),
        "processor": processor(),
        "date": time.strftime("%Y-%m-%d"),
        "revision": revision(),
        "torch": f"PyTorch {identity()['version']}",
        "threads": options.threads,
        "batch": options.batch,
        "rate": options.rate,
        "losses": losses,
        "silu": max(abs(a - b) for a, b in zip(narrow, wide)),
    }
    for name, title in COLUMNS.items():
        print(f"{title}: at most {max(map(abs, parting(losses, name))):.2e} from PyTorch's loss in double")
    if options.out:
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        options.out.with_suffix(".md").write_text(markdown(record), encoding="utf-8")


if __name__ == "__main__":
    main()
