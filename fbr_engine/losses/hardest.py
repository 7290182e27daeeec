"""Means over the highest values of each image, where images have different numbers of them."""

from __future__ import annotations

import torch
from torch import Tensor


def mean_of_highest(values: Tensor, taking_part: Tensor, share: float) -> Tensor:
    """Return the mean, over the images, of the mean of the highest ``share`` of an image's values, at least one.

    ``values``: B x N. ``taking_part``: B x N bool. Images in which nothing takes part are left out; zero, with a
    gradient of zero, when that is all of them.
    """
    count = taking_part.sum(dim=1)
    wanted = (count * share).ceil().clamp(min=1)
    highest = values.masked_fill(~taking_part, -torch.inf).sort(dim=1, descending=True).values
    place = torch.arange(values.shape[1], device=values.device)
    kept = (place < wanted[:, None]) & (place < count[:, None])
    means = torch.where(kept, highest, 0).sum(dim=1) / wanted
    return means.sum() / (count > 0).sum().clamp(min=1)
