# SPDX-License-Identifier: MIT
"""Batches of rotated views from decoded pictures."""

import statistics

from work.servers import Server, middle_half
from work.tables import table


def measure(args):
    server = Server("pretext", [args.serve, "batch", args.batch, args.threads], args.threads)
    seconds = [server.ask() for _ in range(1 + args.rounds)][1:]
    return {"work": "pipeline", "threads": args.threads, "batch": args.batch, "seconds": seconds, "records": server.end()}


def show(result):
    views = [4 * result["batch"] / second for second in result["seconds"]]
    low, high = middle_half(views)
    row = [f"{statistics.median(views):.0f}", f"{low:.0f}-{high:.0f}"]
    yield table(f"Rotation's input, {result['threads']} threads", ["views/s", "middle half"], [row])
