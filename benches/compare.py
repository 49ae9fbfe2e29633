#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Alternates this engine with its peers, piece of work by piece, in one run, and prints ratios of medians.

  benches/compare.py --serve build/release/benches/serve --peers .cache/peers --threads 2 steps inference views

Needs benches/peers/setup.sh for the peers that are to take part; others are left out, and named. Writes every
second that was measured, with versions and processor, as JSON.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAYERS = (
    "5x5_3_192_32 1x1_192_160_32 1x1_160_96_32 5x5_96_192_16 1x1_192_192_16 3x3_192_192_8 1x1_192_192_8 "
    "3x3_64_64_32 3x3_128_128_16 3x3_256_256_8 3x3_512_512_4"
).split()
PASSES = ("forward", "backward_data", "backward_weights")
# PyTorch is at its best with an allocator that keeps its pages, and huge ones.
MALLOC = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}


class Server:
    """A process that answers each line by a number, and ends with records in JSON."""

    def __init__(self, name, command, malloc=True):
        self.name, self.command = name, [str(word) for word in command]
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | (MALLOC if malloc else {}),
        )

    def ask(self, line=""):
        """The answer to a line, or nothing where the peer cannot."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
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


def spread(values):
    """Median and the range of the middle half, relative to it."""
    middle = statistics.median(values)
    low, _, high = statistics.quantiles(values, n=4)
    return middle, (high - low) / middle


def alternate(servers, line, rounds):
    """Seconds of each server for one piece of work, asked in turn; servers that cannot are left out."""
    seconds = {server.name: [] for server in servers}
    for server in servers * rounds:
        answer = server.ask(line)
        if answer is not None:
            seconds[server.name].append(answer)
    return {name: values for name, values in seconds.items() if values}


def steps(args):
    """Whole training steps: ours, ours without fewer multiplications, and PyTorch in each setting."""
    record = []
    for model in args.models:
        servers = [
            Server("pretext", [args.serve, "step", model, args.batch, args.threads], malloc=False),
            Server("pretext strict", [args.serve, "step", model, args.batch, args.threads, "strict"], malloc=False),
        ]
        torch = [args.peers / "bin/python", HERE / "peers/torch_step.py", "--serve", "--model", model]
        for setting in args.settings if torch[0].exists() else ():
            command = [*torch, "--setting", setting, "--threads", args.threads, "--batch", args.batch]
            servers.append(Server("torch " + setting, command))
            if setting == "nchw":
                servers.append(Server("torch nchw, default malloc", command, malloc=False))
        seconds = alternate(servers, "", args.rounds)
        records = {server.name: server.end() for server in servers}
        ours = statistics.median(seconds["pretext"])
        print(f"\n{model}, batch {args.batch}, {args.threads} threads: training step")
        for name, values in seconds.items():
            middle, wide = spread(values)
            rss = records[name][-1]["peak_rss_mib"]
            print(
                f"  {name:28} {args.batch / middle:8.1f} pictures/s  +- {100 * wide:3.0f} %  "
                f"ours is {middle / ours:5.2f} x  peak {rss} MiB"
            )
        record.append({"work": "step", "model": model, "seconds": seconds, "records": records})
    return record


def inference(args):
    """Batches of 256 through frozen networks: ours, and PyTorch in each setting."""
    record = []
    for model in args.models:
        ours, batch = {"resnet18": "resnet18_small"}.get(model, model), 256
        servers = [Server("pretext", [args.serve, "infer", ours, batch, args.threads], malloc=False)]
        torch = [args.peers / "bin/python", HERE / "peers/torch_infer.py", "--serve", "--model", model]
        for setting in ("channels_last", "mkldnn", "folded", "frozen", "compiled") if torch[0].exists() else ():
            command = [*torch, "--setting", setting, "--threads", args.threads, "--batch", batch]
            servers.append(Server("torch " + setting, command))
        seconds = alternate(servers, "", args.rounds)
        records = {server.name: server.end() for server in servers}
        print(f"\n{model}, batch {batch}, {args.threads} threads: inference")
        for name, values in seconds.items():
            middle, wide = spread(values)
            ratio = middle / statistics.median(seconds["pretext"])
            print(f"  {name:20} {batch / middle:8.1f} pictures/s  +- {100 * wide:3.0f} %  ours is {ratio:5.2f} x")
        record.append({"work": "inference", "model": model, "seconds": seconds, "records": records})
    return record


def convolutions(args):
    """Single layers and passes: GFLOP/s of the plain sum, and ours against the best of each peer."""
    ours = Server("pretext", [args.serve, "conv", 128, args.threads], malloc=False)
    peak = Server("peak", [args.serve, "peak", args.threads], malloc=False)
    fma = statistics.median(peak.ask("fma") for _ in range(5))
    tile = statistics.median(peak.ask("micro_kernel") for _ in range(5))
    peak.end()
    print(f"\nmultiply-adds on registers {fma:.0f} GFLOP/s; micro-kernel on cached data {100 * tile / fma:.1f} % of it")
    peers = []
    if (args.peers / "bin/python").exists():
        command = [args.peers / "bin/python", HERE / "peers/torch_conv.py", "--serve", "--threads", args.threads]
        peers.append((Server("torch", command), ("channels_last", "mkldnn")))
    for name, algos in ("onednn_conv", ("nhwc", "blocked")), ("onednn_conv_system", ("blocked", "winograd")):
        if (args.peers / "bin" / name).exists():
            command = [args.peers / "bin" / name, "--serve", "--threads", args.threads]
            peers.append((Server(name, command), algos))
    print(f"{'layer':16} {'pass':17} {'default':>9} {'direct':>9}   GFLOP/s, then ours over each peer")
    rows = []
    for layer in args.layers:
        kernel, _, inputs, outputs, side = (int(n) for n in layer.replace("x", "_").split("_"))
        flop = 2e-9 * 128 * side * side * kernel * kernel * inputs * outputs
        for which in PASSES:
            if inputs == 3 and which == "backward_data":
                continue
            direct = "gemm" if kernel == 1 else "lines" if inputs < 16 else "direct"
            seconds = {}
            for _ in range(args.rounds):
                for server, algo in [(ours, "automatic"), (ours, direct)] + [(s, a) for s, all in peers for a in all]:
                    answer = server.ask(f"{layer} {which} {algo}")
                    if answer is not None:
                        seconds.setdefault(f"{server.name} {algo}", []).append(answer)
            middle = {name: statistics.median(values) for name, values in seconds.items()}
            default = middle["pretext automatic"]
            ratios = [f"{name} {m / default:.2f}" for name, m in middle.items() if not name.startswith("pretext")]
            print(
                f"{layer:16} {which:17} {flop / default:9.0f} {flop / middle['pretext ' + direct]:9.0f}   "
                + ", ".join(ratios)
            )
            rows.append({"layer": layer, "pass": which, "seconds": seconds})
    for server, _ in [(ours, None), *peers]:
        server.end()
    return [{"work": "convolutions", "fma_gflops": fma, "micro_kernel_gflops": tile, "rows": rows}]


def pipeline(args):
    """Batches of rotated views from decoded pictures."""
    server = Server("pretext", [args.serve, "batch", args.batch, args.threads], malloc=False)
    seconds = [server.ask() for _ in range(1 + args.rounds)][1:]
    server.end()
    print(f"\nrotation's input, {args.threads} threads: {4 * args.batch / statistics.median(seconds):.0f} views/s")
    return [{"work": "pipeline", "seconds": seconds}]


def views(args):
    """Views as contrastive tasks draw them: resized crops with jitter and blur, beside torchvision's."""
    count, record = 32, []
    servers = [Server("pretext", [args.serve, "views", count, args.threads], malloc=False)]
    python = args.peers / "bin/python"
    for setting in ("tensor", "pil", "tensor_workers", "pil_workers") if python.exists() else ():
        command = [python, HERE / "peers/torch_views.py", "--setting", setting]
        servers.append(Server("torch " + setting, [*command, "--threads", args.threads, "--pictures", count]))
    print(f"\nviews of 224 x 224 from pictures of 256 x 256, {args.threads} threads")
    for line in ("crop", "jitter", "blur"):
        seconds = alternate(servers, line, args.rounds)
        ours = statistics.median(seconds["pretext"])
        for name, values in seconds.items():
            middle, wide = spread(values)
            print(
                f"  {line:7} {name:21} {count / middle:8.0f} views/s  +- {100 * wide:3.0f} %  "
                f"ours is {middle / ours:5.1f} x"
            )
        record.append({"work": "views", "line": line, "seconds": seconds})
    return record + [{"work": "views", "records": [server.end() for server in servers]}]


WORK = {
    "steps": steps,
    "inference": inference,
    "convolutions": convolutions,
    "pipeline": pipeline,
    "views": views,
}


def processor():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", default=list(WORK), help=", ".join(WORK))
    parser.add_argument("--serve", type=Path, default=HERE.parent / "build/release/benches/serve")
    parser.add_argument("--peers", type=Path, default=HERE.parent / ".cache/peers")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=["nin4"])
    parser.add_argument("--settings", nargs="+", default=["channels_last", "mkldnn", "nchw"])
    parser.add_argument("--layers", nargs="+", default=LAYERS)
    parser.add_argument("--out", type=Path, help="file for the record")
    args = parser.parse_args()
    if unknown := set(args.work) - set(WORK):
        parser.error(f"there is no work {sorted(unknown)}; there are: {', '.join(WORK)}")
    record = {"processor": processor(), "threads": args.threads, "command": sys.argv}
    record["results"] = [part for work in args.work for part in WORK[work](args)]
    if args.out:
        args.out.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
