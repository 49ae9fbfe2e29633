# SPDX-License-Identifier: MIT
"""Whole training steps of RotNet on a GPU: ours and PyTorch's, and the times of single kernels."""

import json
import statistics
import subprocess
import sys

from work.servers import PEERS, Server, alternate, ratio_text
from work.tables import table

# What a step of NIN-4 must move for one view in bf16 where only convolutions touch memory, and where batch norms
# measure and normalise in passes of their own, in megabytes.
NIN4 = {"convolutions_mb": 7.4, "passes_mb": 18.3}


def servers_of(args, pictures):
    for how in ("recorded", "eager"):
        command = [args.gpu, "step", args.model, pictures, args.type, how]
        yield Server(f"pretext {how}", command, threads=1, batch=pictures)
    for setting in args.settings:
        command = [sys.executable, PEERS / "torch_gpu_step.py", "--serve", "--model", args.model, "--setting", setting]
        command += ["--type", args.type, "--pictures", pictures]
        yield Server(f"PyTorch {setting}", command, threads=4, batch=pictures)


def measure_steps(args):
    for pictures in args.pictures:
        servers = []
        for server in servers_of(args, pictures):
            server.ask()
            servers.append(server)
        seconds = alternate([(server.name, server, "") for server in servers], args.rounds)
        records = {server.name: server.end()[-1] for server in servers}
        yield {"work": "steps", "pictures": pictures, "step_s": seconds, "records": records}


def measure_layers(args):
    command = [args.gpu, "layers", max(args.pictures), args.type]
    lines = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    ceilings, *layers = [json.loads(line) for line in lines.splitlines()]
    return {"work": "layers", "pictures": max(args.pictures), "ceilings": ceilings, "layers": layers}


def measure_draw(args):
    lines = subprocess.run([str(args.gpu), "draw", args.type], capture_output=True, text=True, check=True).stdout
    return {"work": "draw", "draw": [json.loads(line) for line in lines.splitlines()]}


def floors_of(model, views, ceilings):
    """The least seconds of a step by the bytes that it moves; not a number where they are not known."""
    if model != "nin4" or not ceilings:
        return [float("nan")] * 2
    rate = ceilings["copy_gb_s"] * 1e9
    return [views * NIN4[key] * 1e6 / rate for key in ("convolutions_mb", "passes_mb")]


def show_steps(result, ceilings):
    views = 4 * result["pictures"]
    ours = result["step_s"]["pretext recorded"]
    rows = []
    for name, seconds in result["step_s"].items():
        middle = statistics.median(seconds)
        record = result["records"][name]
        floors = floors_of(record["model"], views, ceilings)
        rows.append([name, f"{middle * 1e3:.3f}", f"{views / middle:.0f}", ratio_text(seconds, ours)])
        rows[-1] += [*(f"{floor / middle:.2f}" for floor in floors), record["peak_mib"], f"{record['warm_up_s']:.1f}"]
    header = ["", "ms a step", "views/s", "ours is x (middle half)", "of the convolutions' byte floor"]
    header += ["of that with norms in passes", "peak MiB", "warm-up s"]
    title = f"RotNet step of {result['records']['pretext recorded']['model']}, {views} views"
    return table(title, header, rows)


def show_layers(result):
    rows = [
        [r["layer"], r["pass"], f"{r['us']:.1f}", f"{r['tflop_s']:.0f}", f"{r['gb_s']:.0f}", f"{r['of_ceiling']:.2f}"]
        for r in result["layers"]
    ]
    header = ["layer", "pass", "us", "TFLOP/s", "GB/s", "of the nearer ceiling"]
    ceilings = result["ceilings"]
    title = f"Layers for {4 * result['pictures']} views (copy {ceilings['copy_gb_s']:.0f} GB/s, bf16 product {ceilings['bf16_tflop_s']:.0f} TFLOP/s)"
    return table(title, header, rows)


def show_draw(result, steps):
    """With the share of a step of RotNet's, where one of as many views was timed."""
    seconds = {4 * step["pictures"]: statistics.median(step["step_s"]["pretext recorded"]) for step in steps}
    rows = []
    for r in result["draw"]:
        name = f"{r['draw']}, {r['views']} views of {r['side']} x {r['side']} x {r['channels']}"
        micros = r["write_us"] + r["draw_us"]
        step = seconds.get(r["views"]) if (r["draw"], r["side"]) == ("rotation", 32) else None
        share = f"{1e-4 * micros / step:.2f} %" if step else ""
        rows.append([name, f"{r['write_us']:.1f}", f"{r['draw_us']:.1f}", f"{r['written_gb_s']:.0f}", share])
    header = ["input pipeline", "us to write views", "us to draw them", "GB/s written", "of a RotNet step"]
    return table("Drawing batches from pictures on the GPU", header, rows)
