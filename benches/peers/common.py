# SPDX-License-Identifier: MIT
"""What the peers in Python share: one task for each line, and what they say about themselves."""

import os
import sys
import time

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
        return round(next(int(line.split()[1]) for line in status if line.startswith(field + ":")) / 1024)


def seconds_of(task):
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def answer(text):
    print(text, flush=True)


def requests():
    """The lines of stdin, each as soon as it is there, until it ends."""
    return iter(sys.stdin.readline, "")


def identity(peer, version):
    """The fields that every record begins with; those of malloc are what the caller's environment sets."""
    malloc = {name: os.environ[name] for name in MALLOC_SETTINGS if name in os.environ}
    return {"peer": peer, "version": version, "malloc": malloc}
