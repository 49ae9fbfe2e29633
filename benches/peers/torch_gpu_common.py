# SPDX-License-Identifier: MIT
"""What the peers that train in PyTorch on a GPU share."""

import torch
from torch.nn import functional as F

SIDE, PADDING = 32, 4


class Views:
    """What becomes of pictures of bytes [n, 32, 32, 3]; its constants lie on the device, as a graph may not send any."""

    def __init__(self, device="cuda"):
        self.mean = torch.tensor([125.3, 123.0, 113.9], device=device)
        self.deviation = torch.tensor([63.0, 62.1, 66.7], device=device)
        self.index = torch.arange(SIDE, device=device)
        self.device = device

    def normalized(self, pixels):
        return pixels.float().sub(self.mean).div(self.deviation)

    def moved(self, pixels):
        """Each by up to PADDING pixels, black coming in, and mirrored half the time; normalised."""
        n = len(pixels)
        x = F.pad(pixels, (0, 0, PADDING, PADDING, PADDING, PADDING))
        top, left = torch.randint(0, 2 * PADDING + 1, (2, n, 1), device=self.device)
        mirrored = torch.rand(n, 1, device=self.device) < 0.5
        columns = left + torch.where(mirrored, self.index, SIDE - 1 - self.index)
        rows = top + self.index
        pictures = torch.arange(n, device=self.device)[:, None, None]
        return self.normalized(x[pictures, rows[:, :, None], columns[:, None, :]])


def record(work):
    """A CUDA graph of the work, which is done three times first; and what the work returned."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = work()
    return graph, result
