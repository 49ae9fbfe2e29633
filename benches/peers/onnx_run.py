#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs ONNX models in onnxruntime and compares their outputs with what was computed elsewhere.

usage: onnx_run.py FOLDER MODEL...: FOLDER/MODEL.onnx on "input" of FOLDER/MODEL.safetensors, whose other tensors are what the
outputs of the same names must be, within 1e-5 of the largest value. tests/models/onnx_test.cpp writes both.
"""

import json
import sys

import numpy
import onnx
import onnxruntime

BOUND = 1e-5


def read(path):
    """The tensors of a safetensors file of floats."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = numpy.frombuffer(data[begin:end], numpy.float32).reshape(entry["shape"])
    return tensors


def run(folder, name):
    """The largest difference, and the largest one relative to the largest value."""
    path = f"{folder}/{name}.onnx"
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    expected = read(f"{folder}/{name}.safetensors")
    outputs = [output.name for output in session.get_outputs()]
    assert sorted(outputs) == sorted(set(expected) - {"input"}), f"{name}: outputs {outputs}"
    worst = relative = 0
    for output, value in zip(outputs, session.run(outputs, {"input": expected["input"]})):
        assert value.shape == expected[output].shape, f"{name}: {output} has shape {value.shape}"
        difference = float(numpy.abs(value - expected[output]).max())
        worst = max(worst, difference)
        relative = max(relative, difference / float(numpy.abs(expected[output]).max()))
    print(f"{name}: {len(outputs)} outputs, the worst off by {worst:.1e}, by {relative:.1e} of its largest value")
    return relative


def main():
    folder, *models = sys.argv[1:]
    off = [name for name in models if not run(folder, name) <= BOUND]
    if off:
        sys.exit("over the bound: " + ", ".join(off))


if __name__ == "__main__":
    main()
