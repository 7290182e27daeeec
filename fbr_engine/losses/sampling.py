"""Weighted draws without a word to the host: what k-means++ and both contrasts pick their rows with."""

from __future__ import annotations

import torch
from torch import Tensor


def draw_weighted(weights: Tensor, count: int, generator: torch.Generator | None) -> Tensor:
    """Draw ``count`` columns of each row in proportion to ``weights``, with replacement: R x count int64.

    ``weights``: R x P float, not negative. A row without any weight gives column 0, one with a weight that is not
    finite any column. Unlike `torch.multinomial` this checks nothing, so a GPU is not waited for.
    """
    reached = weights.cumsum(dim=1)
    # In (0, total], so that a column without weight is never the first that reaches it.
    goal = (1 - torch.rand(len(weights), count, generator=generator, device=weights.device)) * reached[:, -1:]
    return torch.searchsorted(reached, goal.to(reached.dtype)).clamp(max=weights.shape[1] - 1)
