"""A branch that sees boundaries in the features of a frozen backbone.

Ahn, Cho and Kwak, CVPR 2019, section 4.2: features of several depths, each through a 1x1 convolution, side by side at
stride 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fbr_engine.networks.backbones import Backbone

STRIDE = 4
WIDTH = 32
GROUPS = 4


def grid_of(size: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width, in cells, of the boundary map of a photo of ``size`` (height, width) px, each 32k+1."""
    height, width = ((length - 1) // STRIDE + 1 for length in size)
    return height, width


def side_features(backbone: Backbone, images: Tensor) -> list[Tensor]:
    """Return the last output of every depth of ``backbone``, shallowest first: wherever channels or stride change.

    ``images``: float B x 3 x H x W, normalised as for ImageNet. The last is `Features.deep`.
    """
    kept: list[Tensor] = []
    for output in backbone.outputs(images):
        if kept and kept[-1].shape == output.shape:
            kept.pop()
        kept.append(output)
    return kept


class BoundaryBranch(nn.Module):
    """Features of several depths to one boundary map; ``channels``: how many each of them has, shallowest first."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.sides = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, WIDTH, 1, bias=False), nn.GroupNorm(GROUPS, WIDTH), nn.ReLU()) for c in channels
        )
        self.head = nn.Conv2d(WIDTH * len(channels), 1, 1)

    @torch.no_grad()
    def reset(self, seed: int) -> None:
        """Draw the weights anew from ``seed``; on every device and machine they come out the same."""
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                drawn = torch.rand(module.weight.shape, generator=generator) * 2 - 1
                module.weight.copy_(drawn / module.weight[0].numel() ** 0.5)
                if module.bias is not None:
                    module.bias.zero_()
            elif isinstance(module, nn.GroupNorm):
                module.reset_parameters()

    def forward(self, features: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Return the boundary probability, B x h x w with (h, w) = ``size``, corners on corners.

        ``features``: one B x F x h' x w' per depth. Finer ones are averaged over the cells first, which is cheaper.
        """
        maps = [
            F.interpolate(side(_at_most(f, size)), size=size, mode="bilinear", align_corners=True)
            for side, f in zip(self.sides, features, strict=True)
        ]
        boundary: Tensor = self.head(torch.cat(maps, dim=1)).sigmoid()[:, 0]
        return boundary


def _at_most(features: Tensor, size: tuple[int, int]) -> Tensor:
    if features.shape[-2] <= size[0] and features.shape[-1] <= size[1]:
        return features
    return F.adaptive_avg_pool2d(features, size)
