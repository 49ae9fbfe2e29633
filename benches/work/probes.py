# SPDX-License-Identifier: MIT
"""Linear probes of made-up features: L-BFGS beside scikit-learn to the same loss, SGD beside PyTorch."""

import statistics
import tempfile
from pathlib import Path

from work.servers import PEERS, Server, present, ratio_text
from work.tables import table

L2, TOLERANCE, EPOCHS, CLASSES = 1e-3, 1e-4, 5, 10


def fit(args, ours, theirs, seconds, numbers):
    """One round: the peer fits by its own tolerance, then ours until its loss is as low."""
    for name, server in theirs.items():
        seconds.setdefault(name, []).append(server.ask(f"lbfgs {L2} {TOLERANCE}"))
        target = server.ask("objective")
        numbers[name] = {"objective": target, "evaluations": server.ask("evaluations")}
        seconds.setdefault("pretext", []).append(ours.ask(f"lbfgs {L2} {target}"))
        numbers["pretext"] = {"objective": ours.ask("objective"), "evaluations": ours.ask("evaluations")}


def measure_dims(args, dims, file):
    rows = args.probe_rows
    ours = Server("pretext", [args.serve, "probe", rows, dims, CLASSES, args.threads, file], args.threads)
    ours.ask("objective")  # the file is whole by then
    by_lbfgs, by_sgd = {}, {}
    for python in present(args, "python"):
        command = [python, PEERS / "sklearn_probe.py", rows, dims, file]
        by_lbfgs["scikit-learn"] = Server("scikit-learn", command, args.threads)
        command = [python, PEERS / "torch_probe.py", rows, dims, CLASSES, args.threads, file]
        by_sgd["PyTorch"] = Server("PyTorch", command, args.threads, tuned_malloc=True)
    part = {"dims": dims, "rows": rows, "lbfgs": {}, "sgd": {}, "evaluation": {}, "numbers": {}, "sgd_numbers": {}}
    for _ in range(args.probe_rounds):
        fit(args, ours, by_lbfgs, part["lbfgs"], part["numbers"])
        for name, server in {"pretext": ours, **by_sgd}.items():
            part["sgd"].setdefault(name, []).append(server.ask(f"sgd {L2} {EPOCHS}"))
            part["sgd_numbers"][name] = {"objective": server.ask("objective")}
            for _ in range(3):
                part["evaluation"].setdefault(name, []).append(server.ask(f"evaluation {L2}"))
    servers = {"pretext": ours, **by_lbfgs, **by_sgd}
    part["records"] = {name: server.end() for name, server in servers.items()}
    return part


def measure(args):
    with tempfile.TemporaryDirectory() as folder:
        parts = [measure_dims(args, dims, Path(folder) / str(dims)) for dims in args.probe_dims]
    return {"work": "probes", "threads": args.threads, "l2": L2, "epochs": EPOCHS, "parts": parts}


def show(result):
    rows = []
    for part in result["parts"]:
        where = f"{part['rows']} x {part['dims']}"
        for work, numbers in ("lbfgs", part["numbers"]), ("sgd", part["sgd_numbers"]), ("evaluation", {}):
            seconds = part[work]
            for name, values in seconds.items():
                more = numbers.get(name, {})
                flop = 4 * part["rows"] * part["dims"] * CLASSES / statistics.median(values) / 1e9
                rows.append([
                    where,
                    work,
                    name,
                    f"{statistics.median(values):.3f}",
                    ratio_text(values, seconds["pretext"]),
                    f"{more['objective']:.7f}" if "objective" in more else f"{flop:.0f} GFLOP/s",
                    f"{more['evaluations']:.0f}" if "evaluations" in more else "",
                ])
    title = f"Linear probes, {CLASSES} classes, l2 {result['l2']}, {result['threads']} threads"
    header = ["features", "work", "", "seconds", "ours is x (middle half)", "loss", "evaluations"]
    yield table(title, header, rows)
    yield (
        "L-BFGS: seconds to the loss that scikit-learn's fit ends at, our curvature and its factor included; "
        "scikit-learn counts iterations. "
        f"SGD: {result['epochs']} epochs in batches of 256. Evaluation: one loss of all rows with its gradient.\n"
    )
