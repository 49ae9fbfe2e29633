# SPDX-License-Identifier: MIT
"""The features that `serve probe` and `serve knn` write: float32 rows, then one int32 label a row."""

import numpy


def read(path, rows, dims):
    x = numpy.fromfile(path, dtype=numpy.float32, count=rows * dims).reshape(rows, dims)
    return x, numpy.fromfile(path, dtype=numpy.int32, count=rows, offset=x.nbytes)


def objective(x, labels, weight, bias, l2):
    """The mean cross-entropy plus l2 / 2 times the squared weights [classes, dims], summed in double."""
    total = 0.0
    for first in range(0, len(x), 4096):
        scores = x[first : first + 4096].astype(numpy.float64) @ weight.T.astype(numpy.float64) + bias
        largest = scores.max(axis=1)
        own = scores[numpy.arange(len(scores)), labels[first : first + 4096]]
        total += (largest + numpy.log(numpy.exp(scores - largest[:, None]).sum(axis=1)) - own).sum()
    return total / len(x) + 0.5 * l2 * (weight.astype(numpy.float64) ** 2).sum()
