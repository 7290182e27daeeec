"""AMN's loss on single pixels: what an earlier run's masks say, without believing them too firmly.

Lee, Kim and Shim, "Threshold Matters in WSSS: Manipulating the Activation for the Accurate Object Localization" (AMN),
CVPR 2022: smoothed labels keep the activation of sure and unsure pixels close together, and background and
foreground weigh the same however large they are.
"""

from __future__ import annotations

import torch
from torch import Tensor

UNKNOWN = 255
LABEL_SMOOTHING = 0.4  # AMN


def label_counts(labels: Tensor, classes: int, size: tuple[int, int]) -> Tensor:
    """Return how many pixels of each label lie nearest to each point of a corner-aligned grid.

    ``labels``: B x S x S int64, 0 background, 1 + class, 255 unknown (counted nowhere). ``size``: h x w of the grid.
    Result: B x (1 + C) x h x w float.
    """
    batch, height, width = labels.shape
    rows = _nearest(height, size[0], labels.device)
    columns = _nearest(width, size[1], labels.device)
    cell = rows[:, None] * size[1] + columns[None, :]
    image = torch.arange(batch, device=labels.device)[:, None, None]
    known = labels != UNKNOWN
    place = (image * (1 + classes) + labels) * (size[0] * size[1]) + cell
    counts = torch.bincount(place[known], minlength=batch * (1 + classes) * size[0] * size[1])
    return counts.view(batch, 1 + classes, *size).float()


def pixel_loss(logits: Tensor, counts: Tensor) -> Tensor:
    """Return the cross-entropy with smoothed labels, averaged over background and foreground pixels apart, then halved.

    ``logits``: B x (1 + C) x h x w, background first. ``counts`` of the same shape: as from `label_counts`; every pixel
    is judged by the logits of the point it lies nearest to. A side without pixels counts as zero.
    """
    share = logits.float().log_softmax(dim=1)
    # Row c holds what a pixel of label c costs.
    cost = -(1 - LABEL_SMOOTHING) * share - LABEL_SMOOTHING * share.mean(dim=1, keepdim=True)
    return (_mean(cost[:, :1], counts[:, :1]) + _mean(cost[:, 1:], counts[:, 1:])) / 2


def _mean(cost: Tensor, counts: Tensor) -> Tensor:
    return (cost * counts).sum() / counts.sum().clamp(min=1)


def _nearest(pixels: int, points: int, device: torch.device) -> Tensor:
    """Return which of ``points`` grid points each of ``pixels`` lies nearest to; the outermost lie on each other."""
    step = (points - 1) / max(1, pixels - 1)
    return (torch.arange(pixels, device=device) * step).round().long()
