# SPDX-License-Identifier: MIT
"""What the peers that run PyTorch share."""

import re

import torch

import common

IMPORT_RSS_MIB = common.memory_mib("VmRSS")


def use_threads(count):
    torch.set_num_threads(count)
    torch.set_num_interop_threads(1)


def identity():
    onednn = re.search(r"(?:MKL-DNN|oneDNN) v(\S+)", torch.__config__.show())
    return common.identity("torch", torch.__version__) | {"onednn": onednn.group(1) if onednn else None}
