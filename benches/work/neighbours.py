# SPDX-License-Identifier: MIT
"""Nearest neighbours by cosine: beside faiss and numpy, all of which look at every row."""

import statistics
import tempfile
from pathlib import Path

from work.servers import PEERS, Server, alternate, present, ratio_text
from work.tables import table

K = 20


def measure(args):
    bank, queries, dims = args.knn
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "features"
        ours = Server("pretext", [args.serve, "knn", bank, queries, dims, args.threads, file], args.threads)
        asked, agreement = [("pretext", ours, f"search {K}")], None
        ours.ask(f"search {K}")  # the file is whole by then
        peers = []
        for python in present(args, "python"):
            peers.append(Server("knn.py", [python, PEERS / "knn.py", bank, queries, dims, file], args.threads))
            asked += [(name, peers[0], f"{name} {K}") for name in ("faiss", "numpy")]
        seconds = alternate(asked, args.rounds)
        if peers:
            ours.ask(f"write {folder}/found")
            agreement = peers[0].ask(f"agreement {K} {folder}/found")
        records = {server.name: server.end() for server in [ours, *peers]}
    size = {"bank": bank, "queries": queries, "dims": dims, "k": K}
    return {"work": "knn", "threads": args.threads, **size, "seconds": seconds, "agreement": agreement, "records": records}


def show(result):
    flop = 2 * result["bank"] * result["queries"] * result["dims"]
    rows = []
    for name, seconds in result["seconds"].items():
        middle = statistics.median(seconds)
        rows.append([name, f"{middle:.3f}", f"{flop / middle / 1e9:.0f}", ratio_text(seconds, result["seconds"]["pretext"])])
    size = f"{result['queries']} queries in {result['bank']} x {result['dims']}, k {result['k']}"
    yield table(f"kNN, {size}, {result['threads']} threads", ["", "seconds", "GFLOP/s", "ours is x (middle half)"], rows)
    if result["agreement"] is not None:
        yield f"Of the neighbours that faiss finds ours are {100 * result['agreement']:.3f} %.\n"
