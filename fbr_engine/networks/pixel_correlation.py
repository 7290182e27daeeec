"""SEAM's pixel correlation module: a CAM re-estimated from the pixels that look alike.

Wang et al., *Self-supervised Equivariant Attention Mechanism for Weakly Supervised Semantic Segmentation*, CVPR 2020.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fbr_engine.networks.resizing import resized

LOW_DIMS, DEEP_DIMS = 64, 128
MOST_VALUES = 2**24  # of the affinity at a time where nothing is learnt: 64 MB


class PixelCorrelation(nn.Module):
    """Embeds image, low-level and deep features of each cell and averages the CAM over the cells that are alike.

    Its inputs are constants: what it learns stays in its own three 1x1 convolutions, as in the authors' code. Unlike
    there the mean of the image is taken off first: what all cells share would make them all alike and the CAM flat.
    """

    def __init__(self, low_channels: int, deep_channels: int) -> None:
        super().__init__()
        dims = LOW_DIMS + DEEP_DIMS
        self.low = nn.Conv2d(low_channels, LOW_DIMS, 1, bias=False)
        self.deep = nn.Conv2d(deep_channels, DEEP_DIMS, 1, bias=False)
        self.embedding = nn.Conv2d(3 + dims, dims, 1, bias=False)

    def forward(self, images: Tensor, low: Tensor, deep: Tensor, cam: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return the corrected ``cam``, B x C x h x w, in the same units: each cell is a mean over its like.

        ``images``: B x 3 x H x W, normalised. ``low``: B x L x H/4 x W/4. ``deep``: B x F x h x w. ``cam``:
        B x C x h x w, non-negative. ``valid``: B x h x w bool; padding gives nothing to the mean.
        """
        size = deep.shape[-2:]
        near = F.relu(self.low(resized(low.detach(), size)))
        parts = [resized(images, size), near, F.relu(self.deep(deep.detach()))]
        embedded = self.embedding(torch.cat(parts, dim=1)).flatten(2)
        flat = cam.detach().flatten(2)
        weight = torch.ones_like(flat[:, :1]) if valid is None else valid.flatten(1).unsqueeze(1).to(flat.dtype)
        mean = (embedded * weight).sum(dim=2, keepdim=True) / weight.sum(dim=2, keepdim=True).clamp(min=1)
        unit = F.normalize(embedded - mean, dim=1)
        return correlate(unit, flat, weight).view_as(cam)


def correlate(unit: Tensor, cam: Tensor, weight: Tensor) -> Tensor:
    """Return sum_j a_ij w_j cam_j / sum_j a_ij w_j with a_ij = ReLU(cos(i, j)).

    ``unit``: B x D x N vectors of length 1. ``cam``: B x C x N. ``weight``: B x 1 x N. Result: B x C x N. Where no
    gradient is asked for, the affinity is never held as a whole, so that large images fit.
    """
    batch, _, cells = unit.shape
    step = cells if torch.is_grad_enabled() else max(1, MOST_VALUES // (batch * cells))
    weighted = torch.cat([cam * weight, weight], dim=1)
    parts = []
    for first in range(0, cells, step):
        affinity = F.relu(unit.transpose(1, 2) @ unit[:, :, first : first + step])
        parts.append(weighted @ affinity)
    total = torch.cat(parts, dim=2)
    return total[:, :-1] / total[:, -1:].clamp(min=1e-5)
