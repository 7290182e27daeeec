"""FBR's two projections and its background head."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Projected:
    """``foreground``, ``background``: B x D x h x w. ``head_logits``: B x 1 x h x w, positive for background."""

    foreground: Tensor
    background: Tensor
    head_logits: Tensor


class FbrProjections(nn.Module):
    """Two 1x1 convolutions from the encoder's features to D dimensions, and a 1-channel background head.

    ``relu`` ends both projections in a ReLU as in the paper. Then they soon use disjoint channels and the
    pixel-to-NROI term is satisfied without the encoder; without it the spaces stay comparable.
    """

    def __init__(self, channels: int, dims: int, relu: bool) -> None:
        super().__init__()
        self.relu = relu
        self.foreground = nn.Conv2d(channels, dims, 1, bias=False)
        self.background = nn.Conv2d(channels, dims, 1, bias=False)
        self.head = nn.Sequential(
            nn.BatchNorm2d(dims), nn.ReLU(inplace=False), nn.Dropout2d(0.1), nn.Conv2d(dims, 1, 1)
        )

    def forward(self, features: Tensor) -> Projected:
        """Project ``features``, B x F x h x w."""
        foreground, background = self.foreground(features), self.background(features)
        if self.relu:
            foreground, background = F.relu(foreground), F.relu(background)
        return Projected(foreground, background, self.head(background))
