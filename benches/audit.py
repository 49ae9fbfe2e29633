#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Audits pretext tasks for shortcuts by the command-line tool: as they are, and with faults planted.

  benches/audit.py --out benches/results/NAME.json [--photographs SOURCE] [--count 2000]

Writes every number as JSON and tables beside it as Markdown. Photographs, of which lenses have left traces that drawn
pictures lack, are asked for by --photographs, in any form that the tool takes.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

from compare import command, processor, revision

ROOT = Path(__file__).resolve().parent.parent
PLANTS = {
    "rotation": ["none", "free-angle", "aberration"],
    "jigsaw": ["none", "no-gap", "no-jitter", "no-normalization", "aberration"],
    "relative_location": ["none", "no-gap", "no-jitter", "no-normalization", "aberration"],
}
COLORS = ["none", "grey", "projection", "dropping"]


def drawn_cases(count):
    """Every task with every fault; those of patches as they are with ten times the answers, and with aberration and
    every treatment of colours."""
    source = ["--data", f"shapes:96:{count}", "--size", "96"]
    for task, plants in PLANTS.items():
        for plant in plants:
            yield task, [*source, "--plant", plant]
        if task != "rotation":
            yield task, [*source, "--answers", "200000"]
            for colors in COLORS:
                yield task, [*source, "--plant", "aberration", "--colors", colors]
        if task == "relative_location":  # what its own colours, one channel a patch, hide
            for plant in ["no-gap", "no-jitter", "no-normalization"]:
                yield task, [*source, "--plant", plant, "--colors", "none"]


def photograph_cases(photographs):
    """Every task with the constants that fit its size, and the two of patches at the photographs' own resolution."""
    source = ["--data", photographs]
    for task in PLANTS:
        yield task, [*source, "--size", "96"]
    for colors in [[], *(["--colors", name] for name in COLORS)]:
        yield "relative_location", [*source, "--variant", "paper", *colors]
    for colors in [[], ["--colors", "none"]]:  # one answer a picture and draw, of nine large tiles
        yield "jigsaw", [*source, "--variant", "paper", "--answers", "3000", *colors]


def audit(tool, task, flags, folder):
    out = Path(folder) / "audit.json"
    subprocess.run([tool, "audit", task, *flags, "--cache", folder, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text(encoding="utf-8"))["results"]


def cell(result):
    text = f"{100 * result['accuracy']:.1f} ({100 * result['low']:.1f} to {100 * result['high']:.1f})"
    return f"**{text}**" if result["found"] else text


def table(record, task, where):
    rows = [row for row in record["rows"] if row["task"] == task and row["where"] == where]
    if not rows:
        return ""
    names = [result["shortcut"] for result in rows[0]["results"]]
    chances = [f"{100 * result['chance']:.1f}" for result in rows[0]["results"]]
    lines = [
        f"## {task}, {where}",
        "",
        "| flags | " + " | ".join(f"{name}, chance {chance}" for name, chance in zip(names, chances)) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for row in rows:
        cells = []
        for result, chance in zip(row["results"], chances):
            own = f"{100 * result['chance']:.1f}"
            cells.append(cell(result) + ("" if own == chance else f", chance {own}"))
        lines.append(f"| `{row['shown']}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def markdown(record):
    lines = [
        "# Shortcuts",
        "",
        f"`{record['command']}` on {record['processor']}, {record['date']}, revision {record['revision']}, "
        f"{record['seconds'] / 60:.0f} minutes. What linear probes score that do not see the pictures, in %, with the 99 % "
        "interval, on pictures that they did not learn from; bold where the interval lies above chance. Each row is "
        "`pretext audit TASK` with the flags.",
        "",
    ]
    for where in dict.fromkeys(row["where"] for row in record["rows"]):
        lines += [table(record, task, where) for task in PLANTS]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--photographs", help="photographs, as the tool's --data takes them")
    parser.add_argument("--count", type=int, default=2000, help="pictures that the library draws")
    parser.add_argument("--tool", default=str(ROOT / "build/release/examples/pretext"))
    options = parser.parse_args()
    cases = [("drawn pictures", case) for case in drawn_cases(options.count)]
    if options.photographs:
        cases += [("photographs", case) for case in photograph_cases(options.photographs)]
    start = time.monotonic()
    record = {
        "command": command(),
        "processor": processor(),
        "date": time.strftime("%Y-%m-%d"),
        "revision": revision(),
        "rows": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for where, (task, flags) in cases:
            shown = " ".join(flags).replace(str(options.photographs), Path(options.photographs or "").name)
            results = audit(options.tool, task, flags, folder)
            record["rows"].append({"task": task, "where": where, "shown": shown, "results": results})
            record["seconds"] = time.monotonic() - start
            # After each, so that what was measured is not lost.
            options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            options.out.with_suffix(".md").write_text(markdown(record), encoding="utf-8")
            print(f"{task} {shown}: {', '.join(r['shortcut'] for r in results if r['found']) or 'chance'}", flush=True)


if __name__ == "__main__":
    main()
