#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains pretext tasks by the command-line tool, several seeds each, and says what their features are worth.

  benches/tasks.py --out benches/results/NAME.json [--cifar FOLDER] [--seeds 3] [TASK...]

Writes every run's numbers as JSON, and means and deviations over the seeds beside it as Markdown. Patches are cut
from pictures that the library draws at 96 px; all other tasks learn from photographs: --cifar names CIFAR-10.
"""

import argparse
import json
import math
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from compare import command, processor, revision

ROOT = Path(__file__).resolve().parent.parent
PATCHES = "--data shapes:96:3000 --size 96 --width 32 --epochs 4 --batch 16 --lr 0.05"
SMALL = "--data CIFAR --limit 10000 --width 48"
# flags, and what one scores who sees nothing: accuracy in % and loss of the best constant answer. Those of
# colorization are what `blind_colors DATA 10000` prints of CIFAR-10: rare colours weigh more in the loss alone.
RECIPES = {
    "rotation": (f"{SMALL} --epochs 6 --batch 32 --padding 2", 25.0, math.log(4)),
    "jigsaw": (PATCHES, 100 / 24, math.log(24)),
    "relative_location": (PATCHES, 15.0, None),
    "exemplar": (f"{SMALL} --epochs 480 --batch 50 --lr 0.05", 100 / 250, math.log(250)),
    "colorization": (f"{SMALL} --epochs 8 --batch 32", 27.5, 3.670),
    "exemplar_triplet": (f"{SMALL} --epochs 3 --batch 32", 100 * 7 / 255, 0.5),
    "contrastive": (f"{SMALL} --epochs 8 --batch 128", 100 / 255, math.log(255)),
}


def best_tap(results, network):
    """The row whose validation accuracy is highest: the test part chooses nothing."""
    rows = [row for row in results if row["network"] == network and row["protocol"].startswith("linear probe")]
    return max(rows, key=lambda row: row["validation_accuracy"])


def losses(run):
    """The training loss of each epoch."""
    with open(run / "metrics.jsonl", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [record["loss"] for record in records if record.get("kind") == "epoch"]


def one_run(tool, task, flags, seed, folder):
    run = Path(folder) / f"{task}{seed}"
    start = time.monotonic()
    train = [tool, "pretrain", task, *flags, "--seed", str(seed), "--test", "--out", str(run)]
    probe = [tool, "probe", "--run", str(run), "--budget", "1024", "--l2", "0.1,0.01,0.001", "--seed", str(seed)]
    for words in (train, probe):
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    test = json.loads((run / "test.json").read_text(encoding="utf-8"))
    results = json.loads((run / "probe.json").read_text(encoding="utf-8"))["results"]
    return {
        "task": task,
        "seed": seed,
        "accuracy": 100 * test["accuracy"],
        "loss": test["loss"],
        "epochs": losses(run),
        "probe": {network: best_tap(results, network) for network in (task, "random")},
        "seconds": time.monotonic() - start,
    }


def spread(values, digits=1):
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {deviation:.{digits}f}"


def thinned(values, count):
    """At most so many of the values, evenly spaced, with the first and the last."""
    if len(values) <= count:
        return values
    return [values[round(i * (len(values) - 1) / (count - 1))] for i in range(count)]


def table(record):
    lines = [
        "# What tasks learn",
        "",
        f"`{record['command']}` on {record['processor']}, {record['date']}, revision {record['revision']}. "
        f"Test accuracy in % (of exemplars: on new samples of the training's seeds), mean and standard deviation of {record['seeds']} seeds. The linear probe is that of the tap "
        "that validation chose; random weights are those that the same training began with.",
        "",
        "| task | flags | solved | who sees nothing | test loss | who sees nothing | training loss over the epochs, first seed "
        "| linear probe | random weights | minutes a seed |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for task in record["tasks"]:
        runs = [run for run in record["runs"] if run["task"] == task]
        flags, chance, blind_loss = RECIPES[task]
        probes = [[100 * run["probe"][network]["accuracy"] for run in runs] for network in (task, "random")]
        lines.append(
            f"| {task} | `{flags}` | {spread([run['accuracy'] for run in runs])} | {chance:.1f} "
            f"| {spread([run['loss'] for run in runs], 3)} | {'-' if blind_loss is None else f'{blind_loss:.3f}'} "
            f"| {', '.join(f'{loss:.2f}' for loss in thinned(runs[0]['epochs'], 8))} | {spread(probes[0])} | {spread(probes[1])} "
            f"| {statistics.mean(run['seconds'] for run in runs) / 60:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"which tasks: {', '.join(RECIPES)}")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--cifar", help="CIFAR-10, as the tool's --data takes it")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tool", default=str(ROOT / "build/release/examples/pretext"))
    options = parser.parse_args()
    tasks = options.tasks or [task for task, recipe in RECIPES.items() if options.cifar or "CIFAR" not in recipe[0]]
    for task in tasks:
        if task not in RECIPES:
            parser.error(f"there is no recipe of {task}; there are {', '.join(RECIPES)}")
        if "CIFAR" in RECIPES[task][0] and not options.cifar:
            parser.error(f"{task} needs --cifar")
    record = {
        "command": command(),
        "processor": processor(),
        "date": time.strftime("%Y-%m-%d"),
        "revision": revision(),
        "seeds": options.seeds,
        "tasks": tasks,
        "runs": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            flags = [options.cifar if flag == "CIFAR" else flag for flag in RECIPES[task][0].split()]
            for seed in range(options.seeds):
                run = one_run(options.tool, task, flags, seed, folder)
                record["runs"].append(run)
                print(f"{task}, seed {seed}: {run['accuracy']:.1f} %, {run['seconds']:.0f} s", flush=True)
    options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    options.out.with_suffix(".md").write_text(table(record), encoding="utf-8")
    print(table(record))


if __name__ == "__main__":
    main()
