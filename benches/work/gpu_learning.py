# SPDX-License-Identifier: MIT
"""What ResNet-18 knows of CIFAR-10 after a whole training on a GPU, ours and PyTorch's."""

import json
import statistics
import subprocess
import sys
import tempfile

from work.servers import PEERS
from work.tables import table


def record_of(command):
    lines = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    return json.loads(lines.splitlines()[-1])


def measure_learning(args):
    """A result for each seed."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, args.seeds + 1):
            ours = [args.gpu, "learn", args.data, folder, args.epochs, seed, args.type]
            theirs = [sys.executable, PEERS / "torch_gpu_learning.py", folder, args.epochs, seed, args.type]
            yield {"work": "learning", "seed": seed, "pretext": record_of(ours), "torch": record_of(theirs)}


def show_learning(results):
    rows, names = [], {"pretext": "pretext recorded", "torch": "PyTorch, update outside its graph"}
    for key, name in names.items():
        right = [100 * result[key]["test_accuracy"] for result in results]
        seconds = statistics.median(result[key]["seconds"] for result in results)
        rows.append([name, f"{statistics.mean(right):.2f}", " ".join(f"{value:.2f}" for value in right), f"{seconds:.1f}"])
    first = results[0]["pretext"]
    title = f"ResNet-18 for small pictures on CIFAR-10, {first['epochs']:g} epochs, {first['type']}, by seed"
    return table(title, ["", "test accuracy, %", "of each seed", "s, with tuning and recording"], rows)
