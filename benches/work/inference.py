# SPDX-License-Identifier: MIT
"""Batches through frozen networks: ours, and PyTorch in each setting."""

import statistics

from work.servers import PEERS, Server, alternate, present, ratio_text
from work.tables import table

BATCH = 256
SETTINGS = ("channels_last", "mkldnn", "folded", "frozen", "compiled")


def servers_of(args, model):
    own = {"resnet18": "resnet18_small"}.get(model, model)
    yield Server("pretext", [args.serve, "infer", own, BATCH, args.threads], args.threads)
    for python in present(args, "python"):
        for setting in SETTINGS:
            command = [python, PEERS / "torch_infer.py", "--serve", "--model", model, "--setting", setting]
            command += ["--threads", args.threads, "--batch", BATCH]
            yield Server(f"PyTorch {setting}", command, args.threads, tuned_malloc=True)


def measure(args):
    parts = []
    for model in args.models:
        servers = list(servers_of(args, model))
        seconds = alternate([(server.name, server, "") for server in servers], args.rounds)
        parts.append({"model": model, "seconds": seconds, "records": [server.end()[-1] for server in servers]})
    return {"work": "inference", "threads": args.threads, "models": parts}


def show(result):
    for part in result["models"]:
        ours = part["seconds"]["pretext"]
        rows = [
            [name, f"{BATCH / statistics.median(seconds):.1f}", ratio_text(seconds, ours)]
            for name, seconds in part["seconds"].items()
        ]
        title = f"{part['model']}, batch {BATCH}, {result['threads']} threads: inference"
        yield table(title, ["", "pictures/s", "ours is x (middle half)"], rows)
