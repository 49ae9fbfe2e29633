#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Alternates this engine with its peers, piece of work by piece, in one run, and prints ratios of medians.

  benches/compare.py --threads 2 --out benches/results/NAME.json steps layers probes knn pipeline
  benches/compare.py --render benches/results/NAME.json

Needs benches/peers/setup.sh for the peers that are to take part; others are left out, and named. --out writes
every second that was measured, with versions and processor, as JSON, and the tables beside it as Markdown.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from work import inference, layers, neighbours, pipeline, probes, steps, views

HERE = Path(__file__).resolve().parent
WORK = {
    "steps": steps,
    "inference": inference,
    "layers": layers,
    "probes": probes,
    "knn": neighbours,
    "pipeline": pipeline,
    "views": views,
}


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def revision():
    command = ["git", "-C", HERE, "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def command():
    """The command of this program; files that it was given by whole paths are called by their last names."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return " ".join([str(Path(sys.argv[0]).resolve().relative_to(HERE.parent)), *words])


def introduction(record):
    return (
        f"`{record['command']}`\n\nRevision {record['revision']}; {record['cores']} cores of {record['processor']}; "
        f"{record['system']}. Ratios are of medians in one run in which all took turns; over 1 ours is faster.\n"
    )


def texts(record):
    """The tables of a record, one at a time."""
    yield introduction(record)
    for result in record["results"]:
        yield from next(work for name, work in WORK.items() if name == result["work"]).show(result)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", default=list(WORK), help=", ".join(WORK))
    parser.add_argument("--serve", type=Path, default=HERE.parent / "build/release/benches/serve")
    parser.add_argument("--other", type=Path, help="another build of serve (steps)")
    parser.add_argument("--peers", type=Path, default=HERE.parent / ".cache/peers")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=["nin4", "resnet18"])
    parser.add_argument("--settings", nargs="+", default=["channels_last", "mkldnn", "nchw", "compiled"], help="of PyTorch")
    parser.add_argument("--layers", nargs="+", default=layers.LAYERS)
    parser.add_argument("--probe-rows", type=int, default=50000)
    parser.add_argument("--probe-dims", type=int, nargs="+", default=[1024, 9216])
    parser.add_argument("--probe-rounds", type=int, default=3)
    parser.add_argument("--knn", type=int, nargs=3, default=[50000, 10000, 512], metavar=("BANK", "QUERIES", "DIMS"))
    parser.add_argument("--out", type=Path, help="file for the record, NAME.json; the tables go to NAME.md")
    parser.add_argument("--render", type=Path, help="print the tables of a record and measure nothing")
    args = parser.parse_args()
    if unknown := set(args.work) - set(WORK):
        parser.error(f"there is no work {sorted(unknown)}; there are: {', '.join(WORK)}")
    return args


def main():
    args = arguments()
    if args.render:
        print("\n".join(texts(json.loads(args.render.read_text(encoding="utf-8")))))
        return
    record = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform(), "revision": revision()}
    record |= {"command": command(), "threads": args.threads, "results": []}
    print(introduction(record))
    for name in args.work:
        record["results"].append(WORK[name].measure(args))
        print("\n".join(WORK[name].show(record["results"][-1])), flush=True)
    if args.out:
        args.out.write_text(json.dumps(record) + "\n", encoding="utf-8")
        args.out.with_suffix(".md").write_text("\n".join(texts(record)), encoding="utf-8")


if __name__ == "__main__":
    main()
