# SPDX-License-Identifier: MIT
"""What the PyTorch peers share: one task for each round, and what they say about themselves."""

import os
import re
import sys
import time

import torch

MALLOC_SETTINGS = (
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_TOP_PAD_",
    "GLIBC_TUNABLES",
    "LD_PRELOAD",
)


def memory_mib(field):
    """VmRSS, the memory held now, or VmHWM, the most ever held."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field + ":")) / 1024


IMPORT_RSS_MIB = memory_mib("VmRSS")


def use_threads(count):
    torch.set_num_threads(count)
    torch.set_num_interop_threads(1)


def seconds_of(task):
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def answer(text):
    print(text, flush=True)


def requests():
    """The lines of stdin, each as soon as it is there, until it ends."""
    return iter(sys.stdin.readline, "")


def identity():
    """The fields that every record begins with; those of malloc are what the caller's environment sets."""
    onednn = re.search(r"(?:MKL-DNN|oneDNN) v(\S+)", torch.__config__.show())
    return {
        "peer": "torch",
        "version": torch.__version__,
        "onednn": onednn.group(1) if onednn else None,
        "malloc": {name: os.environ[name] for name in MALLOC_SETTINGS if name in os.environ},
    }
