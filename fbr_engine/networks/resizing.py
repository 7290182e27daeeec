"""Resizing of maps whose outermost values lie on the image's outermost pixels."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Return ``maps``, B x C x H x W, at ``size`` (h, w), bilinear, corners on corners, averaged before it shrinks.

    torch's own averaging (``antialias``) moves the corners.
    """
    height, width = size
    across, down = _window(maps.shape[-1], width), _window(maps.shape[-2], height)
    # One direction after the other: a window of 17 x 17 would read 289 values for each.
    if across > 1:
        maps = F.avg_pool2d(maps, (1, across), 1, (0, across // 2), count_include_pad=False)
    if down > 1:
        maps = F.avg_pool2d(maps, (down, 1), 1, (down // 2, 0), count_include_pad=False)
    return F.interpolate(maps, size=(height, width), mode="bilinear", align_corners=True)


def _window(length: int, wanted: int) -> int:
    """Return the odd number of values that fall on one of the result."""
    ratio = max(1.0, (length - 1) / max(1, wanted - 1))
    return 2 * int(ratio / 2) + 1 if ratio > 1 else 1
