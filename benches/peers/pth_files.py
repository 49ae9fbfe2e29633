#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes .pth files as PyTorch writes them, and their tensors as safetensors files.

usage: pth_files.py FOLDER: NAME.pth and NAME.safetensors for what can be read, and refused_*.pth for what cannot: a whole
module, the formats of old PyTorch and of newer pickles, and a pickle that would make FOLDER/executed.
tests/tensor/pth_test.cpp reads them.
"""

import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn


class Attack:
    """Whoever unpickles it runs a command."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.system, (f"touch '{self.folder}/executed'",)


def views():
    """Tensors that lie otherwise than their elements follow each other, of all types."""
    base = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    half = torch.randn(7).half()
    return {
        "turned": base.permute(2, 0, 1),
        "part": base[1:, ::2, 1:4],
        "row": base[2],
        "repeated": base[0, 0].expand(3, 5),
        "whole": base,
        "last": base[2, 3, 4],
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "none": torch.empty(0, 3),
        "f16": half,
        "f16 of odd places": half[1::2],
        "bf16": torch.randn(5).bfloat16(),
        "f64": torch.randn(2, 2, dtype=torch.float64),
        "i64": torch.tensor([-(2**40), 3]),
        "i32": torch.tensor([[1], [-2]], dtype=torch.int32),
        "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "parameter": nn.Parameter(torch.randn(3)),
        "a name \u00e4": torch.ones(1),
    }


def main():
    (folder,) = sys.argv[1:]
    torch.manual_seed(1)
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.randn(4, 2, 3, 3)).sum().backward()
    optimizer.step()
    state = net.state_dict()

    def write(name, what, tensors):
        torch.save(what, f"{folder}/{name}.pth")
        save_file({key: value.detach().clone().contiguous() for key, value in tensors.items()}, f"{folder}/{name}.safetensors")

    write("state", state, state)
    tensors = views()
    write("views", tensors, tensors)
    checkpoint = {"epoch": 3, "best": 0.5, "arch": "small", "optimizer": optimizer.state_dict(), "history": [1, 2.5, None]}
    write("checkpoint", checkpoint | {"model": {"state_dict": state}}, state)
    torch.serialization.set_crc32_options(False)
    write("no_sums", state, state)
    torch.serialization.set_crc32_options(True)
    torch.save(net, f"{folder}/refused_module.pth")
    torch.save(state, f"{folder}/refused_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(state, f"{folder}/refused_protocol.pth", pickle_protocol=4)
    torch.save({"state_dict": state, "attack": Attack(folder)}, f"{folder}/refused_attack.pth")
    torch.jit.script(net).save(f"{folder}/refused_script.pth")


if __name__ == "__main__":
    main()
