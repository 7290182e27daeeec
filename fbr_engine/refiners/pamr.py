"""Pixel-adaptive mask refinement: scores flow between neighbouring pixels of like colour.

Araslanov and Roth, *Single-Stage Semantic Segmentation from Image Labels*, CVPR 2020, section 3.2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

DILATIONS = (1, 2, 4, 8, 12, 24)
ITERATIONS = 10
_RING = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def pamr(image: Tensor, scores: Tensor, dilations: tuple[int, ...] = DILATIONS, iterations: int = ITERATIONS) -> Tensor:
    """Refine ``scores``, K x H x W, by the colours of ``image``, 3 x H x W, on any device.

    Each pixel's score becomes the affinity-weighted mean of its 8 neighbours at every dilation, ``iterations``
    times. The affinity is the softmax over these neighbours of -|difference| / (0.1 sigma), averaged over the colour
    channels, sigma being the standard deviation of the neighbourhood. Borders repeat the outermost pixel.
    """
    offsets = [(dy * d, dx * d) for d in dilations for dy, dx in _RING]
    margin = max(dilations)
    affinity = _affinities(image, offsets, margin)
    for _ in range(iterations):
        padded = _pad(scores, margin)
        result = torch.zeros_like(scores)
        for weight, offset in zip(affinity, offsets, strict=True):
            result.addcmul_(weight[None], _shifted(padded, offset, margin, scores.shape))
        scores = result
    return scores


def _affinities(image: Tensor, offsets: list[tuple[int, int]], margin: int) -> Tensor:
    """Return N x H x W weights that sum to 1 over the N neighbours."""
    padded = _pad(image, margin)
    total, squares = torch.zeros_like(image), torch.zeros_like(image)
    differences = []
    for offset in offsets:
        neighbour = _shifted(padded, offset, margin, image.shape)
        total += neighbour
        squares += neighbour.square()
        differences.append((neighbour - image).abs())
    count = len(offsets)
    variance = (squares - total.square() / count) / (count - 1)
    width = 1e-3 + 0.1 * variance.clamp(min=0).sqrt()
    return torch.stack([-(d / width).mean(dim=0) for d in differences]).softmax(dim=0)


def _pad(maps: Tensor, margin: int) -> Tensor:
    return F.pad(maps[None], (margin, margin, margin, margin), mode="replicate")[0]


def _shifted(padded: Tensor, offset: tuple[int, int], margin: int, shape: torch.Size) -> Tensor:
    y, x = margin + offset[0], margin + offset[1]
    return padded[:, y : y + shape[-2], x : x + shape[-1]]
