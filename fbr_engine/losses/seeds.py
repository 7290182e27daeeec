"""Seeds from CAMs, and which of their pixels are reliable or uncertain."""

from __future__ import annotations

import torch
from torch import Tensor

RELIABLE_SCORE_QUANTILE = 0.5
RELIABLE_ENTROPY_QUANTILE = 0.2


def seed_labels(cam: Tensor, threshold: float) -> Tensor:
    """Return the seed: the argmax over {threshold for background, normalised CAMs}.

    ``cam``: B x C x h x w in [0, 1], zero where not tagged. Result: B x h x w int64, 0 background, 1 + class.
    """
    score, label = cam.max(dim=1)
    return torch.where(score > threshold, label + 1, 0)


def uncertain_pixels(cam: Tensor, seed: Tensor) -> Tensor:
    """Return the anchors' places: foreground pixels that are not reliable. B x h x w bool.

    A pixel is reliable when its CAM score lies above the middle of its class in that image, or when the entropy of
    its class distribution is among the lowest fifth of the image's foreground (quantiles of the authors' range,
    40-60 % and 10-25 %).
    ``cam``: B x C x h x w. ``seed``: B x h x w as from `seed_labels`.
    """
    foreground = seed > 0
    return foreground & ~_high_score(cam, seed) & ~_low_entropy(cam, foreground)


def _high_score(cam: Tensor, seed: Tensor) -> Tensor:
    classes = torch.arange(1, cam.shape[1] + 1, device=cam.device).view(1, -1, 1, 1)
    own = seed.unsqueeze(1) == classes
    scores = torch.where(own, cam, torch.nan).flatten(2)
    middle = scores.nanquantile(RELIABLE_SCORE_QUANTILE, dim=2)
    high = (cam > middle[:, :, None, None]) & own
    return high.any(dim=1)


def _low_entropy(cam: Tensor, foreground: Tensor) -> Tensor:
    share = cam / cam.sum(dim=1, keepdim=True).clamp(min=1e-5)
    entropy = -(share * share.clamp(min=1e-8).log()).sum(dim=1)
    inside = torch.where(foreground, entropy, torch.nan).flatten(1)
    limit = inside.nanquantile(RELIABLE_ENTROPY_QUANTILE, dim=1)[:, None, None]
    # Where a single class is tagged all entropies are zero and tell nothing.
    return foreground & (entropy < limit)
