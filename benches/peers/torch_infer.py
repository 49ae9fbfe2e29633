#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times a frozen network in PyTorch: the backbone's output for one batch that is there already.

Answers a driver as torch_step.py does. `folded` is channels last with the batch norms folded into the
convolutions, `frozen` what torch.jit.optimize_for_inference makes of the network, `compiled` torch.compile with
its constants frozen.
"""

import argparse
import json
import statistics
import warnings

import torch

from common import answer, memory_mib, requests, seconds_of
from torch_common import IMPORT_RSS_MIB, identity, use_threads
from torch_step import MODELS


def network(model, setting, pictures):
    """A function from pictures to maps, and the pictures as it likes them."""
    torch.manual_seed(1)
    net = MODELS[model][0]().eval()
    if setting == "mkldnn":
        from torch.utils import mkldnn

        net = mkldnn.to_mkldnn(net)
        return lambda x: net(x.to_mkldnn()).to_dense(), pictures
    net, pictures = (x.to(memory_format=torch.channels_last) for x in (net, pictures))
    if setting == "folded":
        from torch.fx.experimental.optimization import fuse

        net = fuse(net).to(memory_format=torch.channels_last)
    if setting == "frozen":
        net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, pictures)))
    if setting == "compiled":
        from torch._inductor import config

        config.freezing = True
        net = torch.compile(net)
    return net, pictures


SETTINGS = ("nchw", "channels_last", "mkldnn", "folded", "frozen", "compiled")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="nin4")
    parser.add_argument("--setting", choices=SETTINGS, default="channels_last")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5, help="without --serve")
    parser.add_argument("--serve", action="store_true", help="one pass for each line of stdin")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    use_threads(args.threads)
    with torch.inference_mode():
        net, pictures = network(args.model, args.setting, torch.randn(args.batch, 3, 32, 32))
        for _ in range(3):
            net(pictures)
        pass_s = []
        for _ in requests() if args.serve else range(args.rounds):
            pass_s.append(seconds_of(lambda: net(pictures)))
            if args.serve:
                answer(pass_s[-1])
    record = identity() | {
        "model": args.model,
        "setting": args.setting,
        "threads": args.threads,
        "batch": args.batch,
        "images_s": args.batch / statistics.median(pass_s) if pass_s else None,
        "import_rss_mib": IMPORT_RSS_MIB,
        "peak_rss_mib": memory_mib("VmHWM"),
    }
    answer(json.dumps(record))


if __name__ == "__main__":
    main()
