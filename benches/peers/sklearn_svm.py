#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fits scikit-learn's LinearSVC, a class against the rest, to features in a file.

usage: sklearn_svm.py FOLDER ROWS DIMS CLASSES POSITIVE_WEIGHT COST: FOLDER/x.f32 has [ROWS, DIMS] floats, FOLDER/labels.i32 as many
whole numbers. Writes FOLDER/weights.f64, [CLASSES, DIMS + 1] with the bias last, and prints the seconds of all fits.
tests/eval/svm_test.cpp reads them.
"""

import sys
import time

import numpy as np
from sklearn.svm import LinearSVC


def main():
    folder = sys.argv[1]
    rows, dims, classes = (int(word) for word in sys.argv[2:5])
    weight, cost = (float(word) for word in sys.argv[5:7])
    x = np.fromfile(f"{folder}/x.f32", np.float32).reshape(rows, dims).astype(np.float64)
    labels = np.fromfile(f"{folder}/labels.i32", np.int32)
    weights, seconds = np.empty((classes, dims + 1)), 0.0
    for c in range(classes):
        model = LinearSVC(C=cost, class_weight={1: weight, 0: 1}, dual=False, tol=1e-8, max_iter=10000)
        start = time.perf_counter()
        model.fit(x, (labels == c).astype(int))
        seconds += time.perf_counter() - start
        weights[c] = np.append(model.coef_[0], model.intercept_[0])
    weights.tofile(f"{folder}/weights.f64")
    print(f"scikit-learn: {seconds:.3f} s")


if __name__ == "__main__":
    main()
