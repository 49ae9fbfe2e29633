#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds nearest neighbours by cosine in the features that `serve knn` wrote: with faiss, and with numpy.

A driver alternates peers: a line "faiss K" or "numpy K" is answered by the seconds of one search, in which the
bank is made anew. A line "agreement K FILE" is answered by the share of the rows that faiss finds which are also
in the file, int64 rows for each query. The last line is a record in JSON.
"""

import argparse
import json
import os

import faiss
import numpy

import features
from common import answer, identity, memory_mib, requests, seconds_of


def unit(x):
    return x / numpy.linalg.norm(x, axis=1, keepdims=True)


def by_faiss(bank, queries, k):
    index = faiss.IndexFlatIP(bank.shape[1])
    index.add(unit(bank))
    return index.search(unit(queries), k)[1]


def by_numpy(bank, queries, k):
    """By blocks of queries, as all scores at once would not fit into a cache."""
    bank, found = unit(bank), numpy.empty((len(queries), k), dtype=numpy.int64)
    for first in range(0, len(queries), 256):
        scores = unit(queries[first : first + 256]) @ bank.T
        best = numpy.argpartition(scores, -k, axis=1)[:, -k:]
        order = numpy.argsort(-numpy.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
        found[first : first + 256] = numpy.take_along_axis(best, order, axis=1)
    return found


def agreement(a, b):
    return numpy.mean([len(numpy.intersect1d(one, other)) / len(one) for one, other in zip(a, b)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bank", type=int)
    parser.add_argument("queries", type=int)
    parser.add_argument("dims", type=int)
    parser.add_argument("file")
    args = parser.parse_args()
    faiss.omp_set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    x, _ = features.read(args.file, args.bank + args.queries, args.dims)
    bank, queries = x[: args.bank], x[args.bank :]
    for line in requests():
        what, k, *path = line.split()
        if what == "agreement":
            others = numpy.fromfile(path[0], dtype=numpy.int64).reshape(len(queries), int(k))
            answer(agreement(by_faiss(bank, queries, int(k)), others))
        else:
            search = by_faiss if what == "faiss" else by_numpy
            answer(seconds_of(lambda: search(bank, queries, int(k))))
    versions = {"numpy": numpy.__version__, "peak_rss_mib": memory_mib("VmHWM")}
    answer(json.dumps(identity("faiss", faiss.__version__) | versions))


if __name__ == "__main__":
    main()
