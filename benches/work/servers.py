# SPDX-License-Identifier: MIT
"""Processes that answer lines by numbers, asked in turn, and what is made of their answers."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"
# PyTorch is at its best with an allocator that keeps its pages, and huge ones.
TUNED_MALLOC = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "DLIB_NUM_THREADS")


class Server:
    """A process that answers each line by a number, and ends with records in JSON. `batch` pictures make its
    step; a slow one takes part in the first `rounds` only."""

    def __init__(self, name, command, threads, tuned_malloc=False, batch=None, rounds=None):
        self.name, self.command, self.batch, self.rounds = name, [str(word) for word in command], batch, rounds
        # Libraries choose their kernels by the processor alone.
        env = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
        env |= dict.fromkeys(THREADS, str(threads)) | (TUNED_MALLOC if tuned_malloc else {})
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, text=True, env=env)

    def ask(self, line=""):
        """The answer to a line, or nothing where the peer cannot."""
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline().strip()
        if not answer:
            sys.exit(f"{self.name} ended: {' '.join(self.command)}")
        return None if answer == "none" else float(answer)

    def end(self):
        """The records."""
        self.process.stdin.close()
        records = [json.loads(line) for line in self.process.stdout if line.startswith("{")]
        self.process.wait()
        return records


def present(args, *names):
    """The peers of these names in the folder of peers, as a path each; those that are not there are named."""
    paths = [args.peers / "bin" / name for name in names]
    for path in paths:
        if not path.exists():
            print(f"left out, as benches/peers/setup.sh has not made it: {path}", file=sys.stderr)
    return [path for path in paths if path.exists()]


def alternate(asked, rounds):
    """Numbers by name: each (name, server, line) is asked in turn, a round after the other."""
    answers = {}
    for i in range(rounds):
        for name, server, line in asked:
            answer = server.ask(line) if i < (server.rounds or rounds) else None
            if answer is not None:
                answers.setdefault(name, []).append(answer)
    return answers


def middle_half(values):
    """The first and the third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def ratio(theirs, ours):
    """The ratio of medians, and the middle half of the ratios of single rounds."""
    low, high = middle_half([a / b for a, b in zip(theirs, ours)])
    return statistics.median(theirs) / statistics.median(ours), low, high


def ratio_text(theirs, ours):
    middle, low, high = ratio(theirs, ours)
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"
