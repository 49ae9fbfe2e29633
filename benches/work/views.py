# SPDX-License-Identifier: MIT
"""Views as contrastive tasks draw them: resized crops with jitter and blur, beside torchvision's."""

import statistics

from work.servers import PEERS, Server, alternate, present, ratio_text
from work.tables import table

COUNT = 32
CHANGES = ("crop", "jitter", "blur")
SETTINGS = ("tensor", "pil", "tensor_workers", "pil_workers")


def servers_of(args):
    yield Server("pretext", [args.serve, "views", COUNT, args.threads], args.threads)
    for python in present(args, "python"):
        for setting in SETTINGS:
            command = [python, PEERS / "torch_views.py", "--setting", setting]
            command += ["--threads", args.threads, "--pictures", COUNT]
            yield Server(f"torchvision {setting}", command, args.threads)


def measure(args):
    servers = list(servers_of(args))
    parts = {line: alternate([(s.name, s, line) for s in servers], args.rounds) for line in CHANGES}
    return {"work": "views", "threads": args.threads, "seconds": parts, "records": [s.end() for s in servers]}


def show(result):
    rows = []
    for line, seconds in result["seconds"].items():
        for name, values in seconds.items():
            rate = COUNT / statistics.median(values)
            rows.append([line, name, f"{rate:.0f}", ratio_text(values, seconds["pretext"])])
    title = f"Views of 224 x 224 from pictures of 256 x 256, {result['threads']} threads"
    yield table(title, ["", "", "views/s", "ours is x (middle half)"], rows)
