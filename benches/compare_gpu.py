#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times kernels and whole training steps on a GPU, steps alternated with PyTorch's in one run.

  benches/compare_gpu.py --out benches/results/NAME.jsonl

Each result is appended to the record as soon as it is there, so that a run that is cut short keeps what it measured;
the tables are printed, and written beside it as Markdown.
"""

import argparse
import datetime
import json
import subprocess
from pathlib import Path

from compare import command, revision
from work.gpu_learning import measure_learning, show_learning
from work.gpu_steps import measure_draw, measure_layers, measure_steps, show_draw, show_layers, show_steps

HERE = Path(__file__).resolve().parent
WORK = ("layers", "steps", "draw", "learning")


def machine():
    fields = "name,driver_version,memory.total,clocks.max.sm"
    question = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"]
    return subprocess.run(question, capture_output=True, text=True, check=False).stdout.strip()


def texts(results):
    ceilings = next((r["ceilings"] for r in results if r["work"] == "layers"), None)
    for result in results:
        if result["work"] == "run":
            yield f"`{result['command']}`\n\n{result['date']}, revision {result['revision']}; {result['machine']}.\n"
        elif result["work"] == "layers":
            yield show_layers(result)
        elif result["work"] == "steps":
            yield show_steps(result, ceilings)
        elif result["work"] == "draw":
            yield show_draw(result, [step for step in results if step["work"] == "steps"])
    if learning := [result for result in results if result["work"] == "learning"]:
        yield show_learning(learning)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", default=["layers", "steps", "draw"], help=", ".join(WORK))
    parser.add_argument("--gpu", type=Path, default=HERE.parent / "build/gpu/benches/gpu")
    parser.add_argument("--model", default="nin4")
    parser.add_argument("--pictures", type=int, nargs="+", default=[128, 32], help="a step, before they are turned")
    parser.add_argument("--type", choices=("bf16", "f32"), default="bf16")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--settings", nargs="*", default=["graph", "eager", "compiled"], help="of PyTorch")
    parser.add_argument("--data", help="CIFAR-10 for the work learning, in any form that the library opens")
    parser.add_argument("--epochs", type=float, default=30, help="of the work learning")
    parser.add_argument("--seeds", type=int, default=2, help="of the work learning")
    parser.add_argument("--out", type=Path, help="file for the record, NAME.jsonl; the tables go to NAME.md")
    args = parser.parse_args()
    if unknown := set(args.work) - set(WORK):
        parser.error(f"there is no work {sorted(unknown)}; there are: {', '.join(WORK)}")
    if "learning" in args.work and not args.data:
        parser.error("the work learning needs --data")
    return args


def main():
    args = arguments()
    results = []

    def keep(result):
        results.append(result)
        if args.out:
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
            args.out.with_suffix(".md").write_text("\n".join(texts(results)), encoding="utf-8")
        print(list(texts(results))[-1], flush=True)

    today = datetime.date.today().isoformat()
    keep({"work": "run", "command": command(), "date": today, "revision": revision(), "machine": machine()})
    if "layers" in args.work:
        keep(measure_layers(args))
    if "steps" in args.work:
        for result in measure_steps(args):
            keep(result)
    if "draw" in args.work:
        keep(measure_draw(args))
    if "learning" in args.work:
        for result in measure_learning(args):
            keep(result)


if __name__ == "__main__":
    main()
