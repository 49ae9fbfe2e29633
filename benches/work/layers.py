# SPDX-License-Identifier: MIT
"""Single convolutions, a pass at a time, beside PyTorch, oneDNN and, where the kernel is 1 x 1, OpenBLAS."""

import statistics

from work.servers import PEERS, Server, alternate, present, ratio_text
from work.tables import table

LAYERS = (
    "5x5_3_192_32 1x1_192_160_32 1x1_160_96_32 5x5_96_192_16 1x1_192_192_16 3x3_192_192_8 1x1_192_192_8 "
    "3x3_64_64_32 3x3_128_128_16 3x3_256_256_8 3x3_512_512_4"
).split()
PASSES = ("forward", "backward_data", "backward_weights")
BATCH = 128
DEFAULT, PLAIN = "pretext", "pretext plain"


def numbers(layer):
    """Kernel, channels in and out, side."""
    kernel, _, inputs, outputs, side = (int(n) for n in layer.replace("x", "_").split("_"))
    return kernel, inputs, outputs, side


def flop(layer):
    kernel, inputs, outputs, side = numbers(layer)
    return 2 * BATCH * side * side * kernel * kernel * inputs * outputs


def least_bytes(layer):
    """Each map and the weights once, which is what any pass reads or writes at least."""
    kernel, inputs, outputs, side = numbers(layer)
    return 4 * (BATCH * side * side * (inputs + outputs) + kernel * kernel * inputs * outputs)


def plain_algorithm(layer):
    """Ours that multiplies as often as the definition says."""
    kernel, inputs, _, _ = numbers(layer)
    return "gemm" if kernel == 1 else "lines" if inputs < 16 else "direct"


def peers_of(args):
    """Servers, each with its algorithms."""
    for python in present(args, "python"):
        command = [python, PEERS / "torch_conv.py", "--serve", "--threads", args.threads]
        yield Server("PyTorch", command, args.threads, tuned_malloc=True), ("channels_last", "mkldnn")
    for path in present(args, "onednn_conv"):
        server = Server("oneDNN 3", [path, "--serve", "--threads", args.threads], args.threads, tuned_malloc=True)
        yield server, ("nhwc", "blocked")
    for path in present(args, "onednn_conv_system"):
        server = Server("oneDNN 2", [path, "--serve", "--threads", args.threads], args.threads, tuned_malloc=True)
        yield server, ("nhwc", "blocked", "winograd")
    for path in present(args, "openblas_gemm"):
        yield Server("OpenBLAS", [path, BATCH], args.threads), ("gemm",)


def measure(args):
    peak = Server("peak", [args.serve, "peak", args.threads], args.threads)
    asked = [(what, peak, what) for what in ("fma", "micro_kernel", "triad")]
    peaks = {what: statistics.median(values) for what, values in alternate(asked, 5).items()}
    peak.end()
    ours = Server(DEFAULT, [args.serve, "conv", BATCH, args.threads], args.threads)
    peers, rows = list(peers_of(args)), []
    for layer in args.layers:
        for which in PASSES:
            if numbers(layer)[1] == 3 and which == "backward_data":
                continue  # no network needs the gradient of its pictures
            row = f"{layer} {which}"
            asked = [(DEFAULT, ours, f"{row} automatic"), (PLAIN, ours, f"{row} {plain_algorithm(layer)}")]
            for server, algorithms in peers:
                for name in algorithms:
                    line = row if server.name == "OpenBLAS" else f"{row} {name}"
                    asked.append((f"{server.name} {name}", server, line))
            rows.append({"layer": layer, "pass": which, "seconds": alternate(asked, args.rounds)})
    records = {server.name: server.end() for server in [ours, *(server for server, _ in peers)]}
    return {"work": "layers", "threads": args.threads, "batch": BATCH, "peaks": peaks, "rows": rows, "records": records}


def lines_of(result, own, names):
    peaks = result["peaks"]
    for row in result["rows"]:
        seconds = row["seconds"]
        middle = statistics.median(seconds[own])
        gflops = flop(row["layer"]) / middle / 1e9
        share = least_bytes(row["layer"]) / middle / 1e9 / peaks["triad"]
        yield [
            row["layer"],
            row["pass"],
            f"{gflops:.0f}",
            f"{100 * gflops / peaks['fma']:.0f}",
            f"{100 * share:.0f}",
            *(ratio_text(seconds[name], seconds[own]) if name in seconds else "" for name in names),
        ]


def show(result):
    peaks = result["peaks"]
    yield (
        f"Threads: {result['threads']}. Multiply-adds on registers {peaks['fma']:.0f} GFLOP/s; micro-kernel on cached "
        f"data {100 * peaks['micro_kernel'] / peaks['fma']:.1f} % of it; triad {peaks['triad']:.1f} GB/s.\n"
    )
    names = list(dict.fromkeys(name for row in result["rows"] for name in row["seconds"]))
    peers = [name for name in names if name not in (DEFAULT, PLAIN)]
    header = ["layer", "pass", "GFLOP/s", "% of FMA", "% of triad"]
    tail = f", batch {result['batch']}, {result['threads']} threads; then ours is x (middle half) of"
    yield table("Convolutions by the default algorithm" + tail, header + peers, list(lines_of(result, DEFAULT, peers)))
    direct = [name for name in peers if "winograd" not in name]
    yield table("Convolutions by the plain sum" + tail, header + direct, list(lines_of(result, PLAIN, direct)))
