# SPDX-License-Identifier: MIT
"""Whole training steps: ours, ours without fewer multiplications, and the peers."""

import statistics

from work.servers import PEERS, Server, alternate, present, ratio_text
from work.tables import table

# Setting, and whether malloc is tuned.
TORCH = (
    ("channels_last", True),
    ("mkldnn", True),
    ("compiled", True),
    ("channels_last", False),
    ("nchw", False),
)


def servers_of(args, model):
    size = {"threads": args.threads, "batch": args.batch}
    own = {"resnet18": "resnet18_small"}.get(model, model)
    for name, how in ("pretext", []), ("pretext strict", ["strict"]):
        yield Server(name, [args.serve, "step", own, args.batch, args.threads, *how], **size)
    if args.other:
        yield Server("pretext, other build", [args.other, "step", own, args.batch, args.threads], **size)
    for python in present(args, "python"):
        for setting, tuned in TORCH:
            if setting in args.settings:
                command = [python, PEERS / "torch_step.py", "--serve", "--model", model, "--setting", setting]
                command += ["--threads", args.threads, "--batch", args.batch]
                name = f"PyTorch {setting}, {'tuned' if tuned else 'default'} malloc"
                yield Server(name, command, tuned_malloc=tuned, **size)
    if model == "nin4":
        for path in present(args, "dlib_step"):
            yield Server("dlib", [path, args.batch], rounds=3, **size)


def measure(args):
    parts = []
    for model in args.models:
        servers = []
        for server in servers_of(args, model):
            server.ask()  # so that no other is still warming up when the first is timed
            servers.append(server)
        # The seconds of one picture, as batches differ.
        seconds = alternate([(server.name, server, "") for server in servers], args.rounds)
        seconds = {s.name: [t / s.batch for t in seconds[s.name]] for s in servers}
        records = {server.name: server.end()[-1] for server in servers}
        parts.append({"model": model, "batch": args.batch, "picture_s": seconds, "records": records})
    return {"work": "steps", "threads": args.threads, "models": parts}


def rows_of(part):
    ours = part["picture_s"]["pretext"]
    own_peak = part["records"]["pretext"]["peak_rss_mib"]
    for name, seconds in part["picture_s"].items():
        record = part["records"][name]
        start = record.get("start_rss_mib", record.get("import_rss_mib"))
        peak = record["peak_rss_mib"]
        yield [
            name,
            f"{1 / statistics.median(seconds):.1f}",
            ratio_text(seconds, ours),
            peak,
            start,
            f"{own_peak / peak:.2f}",
        ]


def show(result):
    for part in result["models"]:
        header = ["", "pictures/s", "ours is x (middle half)", "peak MiB", "at start", "ours needs x of it"]
        title = f"{part['model']}, batch {part['batch']}, {result['threads']} threads: training step"
        yield table(title, header, list(rows_of(part)))
        own = part["records"]["pretext"]
        yield (
            f"Ours in a steady step: {own['buffers_allocated_in_steady_steps']} buffers asked of the system in all "
            f"steps, {own['heap_allocations_a_step']} calls of operator new a step; tensors hold "
            f"{own['tensor_peak_mib']} MiB at most.\n"
        )
