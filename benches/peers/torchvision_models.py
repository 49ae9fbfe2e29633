#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Exchanges networks of torchvision with tests/models/torchvision_test.cpp.

usage: torchvision_models.py write FOLDER MODEL...: random weights, an input and what every tap makes of it in
  FOLDER/MODEL.safetensors. Names: state.* as PyTorch has them, input, tap.*; maps are [N, H, W, C]. And the weights
  alone, as a training with DataParallel saves them, in FOLDER/MODEL.pth. Fully connected layers are 64 wide and there
  are 10 classes, so that the files stay small.
torchvision_models.py check FOLDER MODEL...: FOLDER/MODEL.ours.safetensors must load with strict=True, with the weights
  of MODEL.pth; networks whose classifier reads more than an average are without it.
"""

import json
import sys

import torch
import torchvision
from torch import nn

RESNET = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
ALEXNET = {1: "conv1", 2: "pool1", 4: "conv2", 5: "pool2", 7: "conv3", 9: "conv4", 11: "conv5", 12: "pool5"}


def narrow(net):
    """Fully connected layers of 64 outputs, and 10 classes."""
    at = [i for i, layer in enumerate(net.classifier) if isinstance(layer, nn.Linear)]
    for i, inputs, outputs in zip(at, (net.classifier[at[0]].in_features, 64, 64), (64, 64, 10)):
        net.classifier[i] = nn.Linear(inputs, outputs)


def randomize(net):
    """Batch norms as training leaves them."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
            module.num_batches_tracked.fill_(7)


def taps_of(name, net):
    """The module of each tap."""
    if "resnet" in name:
        return {tap: getattr(net, tap) for tap in RESNET} | {"fc": net.fc}
    taps = {}
    if name == "alexnet":
        taps = {tap: net.features[i] for i, tap in ALEXNET.items()}
        return taps | {"fc6": net.classifier[2], "fc7": net.classifier[5], "fc8": net.classifier[6]}
    for i, layer in enumerate(net.features):
        if isinstance(layer, nn.MaxPool2d):
            number = len(taps) // 2 + 1
            taps |= {f"block{number}": net.features[i - 1], f"pool{number}": layer}
    return taps | {"fc6": net.classifier[1], "fc7": net.classifier[4], "fc8": net.classifier[6]}


def write(path, tensors):
    """A safetensors file of floats."""
    header, at = {}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            out.write(tensor.contiguous().numpy().tobytes())


def nhwc(tensor):
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def make(name):
    net = getattr(torchvision.models, name)(num_classes=10)
    if hasattr(net, "classifier"):
        narrow(net)
    return net


def write_network(folder, name):
    net = make(name)
    randomize(net)
    net.eval()
    state = net.state_dict()
    wrapped = {"module." + key: value for key, value in state.items()}
    torch.save({"epoch": 7, "arch": name, "state_dict": wrapped}, f"{folder}/{name}.pth")
    tensors = {"state." + key: value for key, value in state.items() if value.is_floating_point()}
    seen = {}

    def see(tap, value):
        # A copy, as an activation in place would change it afterwards; of the first call.
        if tap not in seen:
            seen[tap] = nhwc(value.clone())

    for tap, module in taps_of(name, net).items():
        module.register_forward_hook(lambda m, x, y, tap=tap: see("tap." + tap, y))
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        net(x)
    write(f"{folder}/{name}.safetensors", tensors | {"input": nhwc(x)} | seen)


def check_network(folder, name):
    from safetensors.torch import load_file

    net = make(name)
    if hasattr(net, "classifier"):
        net.classifier = nn.Identity()
    net.load_state_dict(load_file(f"{folder}/{name}.ours.safetensors"), strict=True)
    saved = torch.load(f"{folder}/{name}.pth", weights_only=True)["state_dict"]
    for key, value in net.state_dict().items():
        expected = saved["module." + key]
        assert value.dtype == expected.dtype and torch.equal(value, expected), f"{name}: {key} differs"


def main():
    command, folder, *models = sys.argv[1:]
    torch.manual_seed(1)
    torch.set_num_threads(1)
    for name in models:
        {"write": write_network, "check": check_network}[command](folder, name)


if __name__ == "__main__":
    main()
