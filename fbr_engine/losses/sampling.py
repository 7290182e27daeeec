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


def draw_spread(mask: Tensor, count: int, generator: torch.Generator | None) -> Tensor:
    """Draw ``count`` columns of each row of ``mask`` at even distances from a random start: R x count int64.

    ``mask``: R x P bool. Where a row is True at most ``count`` times each of those columns is drawn, and where it is
    at least as often none twice. A row without any gives column 0.
    """
    reached = mask.cumsum(dim=1).to(torch.float32)
    # In (0, 1], so that the column before the first is never reached.
    start = 1 - torch.rand(len(mask), 1, generator=generator, device=mask.device)
    goal = (torch.arange(count, device=mask.device) + start) * reached[:, -1:] / count
    return torch.searchsorted(reached, goal).clamp(max=mask.shape[1] - 1)


def rows_at(table: Tensor, places: Tensor) -> Tensor:
    """Return the rows of ``table`` (M x D) at ``places`` (any shape, int64): that shape x D.

    The same as ``table[places]``, and several times as fast on a CPU.
    """
    return table.index_select(0, places.flatten()).view(*places.shape, table.shape[1])
