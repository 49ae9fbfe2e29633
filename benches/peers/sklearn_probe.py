#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fits scikit-learn's multinomial LogisticRegression by L-BFGS to the features that `serve probe` wrote.

A driver alternates peers: a line "lbfgs L2 TOLERANCE" is answered by the seconds of a fit, "objective" by the
loss that the last fit reached, computed in double, "evaluations" by its iterations. The last line is a record in
JSON. The environment says how many threads BLAS and OpenMP use: OPENBLAS_NUM_THREADS and OMP_NUM_THREADS.
"""

import argparse
import json
import warnings

import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

import features
from common import answer, identity, memory_mib, requests, seconds_of


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("dims", type=int)
    parser.add_argument("file")
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    x, labels = features.read(args.file, args.rows, args.dims)
    model, l2 = None, 0.0
    for line in requests():
        what, *numbers = line.split()
        if what == "lbfgs":
            l2, tolerance = (float(number) for number in numbers)
            model = LogisticRegression(C=1 / (l2 * len(x)), tol=tolerance, max_iter=2000)
            answer(seconds_of(lambda: model.fit(x, labels)))
        elif what == "objective":
            answer(features.objective(x, labels, model.coef_, model.intercept_, l2))
        else:
            answer(model.n_iter_[0])
    answer(json.dumps(identity("scikit-learn", sklearn.__version__) | {"peak_rss_mib": memory_mib("VmHWM")}))


if __name__ == "__main__":
    main()
