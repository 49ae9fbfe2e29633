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
import shlex
import subprocess
import sys
from pathlib import Path

from compare import revision
from work.gpu_steps import measure_layers, measure_steps, show_layers, show_steps

HERE = Path(__file__).resolve().parent


def machine():
    fields = "name,driver_version,memory.total,clocks.max.sm"
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def texts(results):
    ceilings = next((r["ceilings"] for r in results if r["work"] == "layers"), None)
    for result in results:
        if result["work"] == "run":
            yield f"`{result['command']}`\n\n{result['date']}, revision {result['revision']}; {result['machine']}.\n"
        elif result["work"] == "layers":
            yield show_layers(result)
        else:
            yield show_steps(result, ceilings)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", default=["layers", "steps"])
    parser.add_argument("--gpu", type=Path, default=HERE.parent / "build/gpu/benches/gpu")
    parser.add_argument("--model", default="nin4")
    parser.add_argument("--pictures", type=int, nargs="+", default=[128, 32], help="a step, before they are turned")
    parser.add_argument("--type", choices=("bf16", "f32"), default="bf16")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--settings", nargs="*", default=["graph", "eager", "compiled"], help="of PyTorch")
    parser.add_argument("--out", type=Path, help="file for the record, NAME.jsonl; the tables go to NAME.md")
    return parser.parse_args()


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
    keep({"work": "run", "command": shlex.join(sys.argv), "date": today, "revision": revision(), "machine": machine()})
    if "layers" in args.work:
        keep(measure_layers(args))
    if "steps" in args.work:
        for result in measure_steps(args):
            keep(result)


if __name__ == "__main__":
    main()
