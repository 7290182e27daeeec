"""Similarities to the keys of one's own class against a plain loop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.own_keys import (
    ANCHORS_PER_BLOCK,
    _all_at_once,
    _class_by_class,
    class_counts,
    similarities_to_own,
)

BLOCK = ANCHORS_PER_BLOCK
WAYS = [_class_by_class, _all_at_once, similarities_to_own]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "counts", [[5, 0, 3], [0, 0, 0], [BLOCK, 1, 0], [BLOCK + 1, 2 * BLOCK, 7], [0, 0, 3 * BLOCK - 1]]
)
def test_equals_the_loop(counts: list[int], way: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    generator = torch.Generator().manual_seed(0)
    classes = torch.repeat_interleave(torch.arange(3), torch.tensor(counts))
    classes = classes[torch.randperm(len(classes), generator=generator)]
    anchors = torch.randn(len(classes), 4, generator=generator, dtype=torch.float64)
    keys = torch.randn(3, 6, 4, generator=generator, dtype=torch.float64)
    result = way(anchors, classes, keys)
    assert result.shape == (len(classes), 6)
    for row, anchor, index in zip(result, anchors, classes.tolist(), strict=True):
        expected = [sum(a * k for a, k in zip(anchor.tolist(), key, strict=True)) for key in keys[index].tolist()]
        torch.testing.assert_close(row, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("way", WAYS)
def test_the_gradient_is_that_of_the_loop(way: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    classes, keys = torch.tensor([2, 0, 2, 1, 0]), torch.randn(3, 6, 4)
    anchors, weights = torch.randn(5, 4, requires_grad=True), torch.randn(5, 6)
    (way(anchors, classes, keys) * weights).sum().backward()
    assert anchors.grad is not None
    torch.testing.assert_close(anchors.grad, torch.einsum("an,and->ad", weights, keys[classes]))


def test_items_of_no_class_are_not_counted() -> None:
    assert class_counts(torch.tensor([2, -1, 0, 2, -1]), 4).tolist() == [1, 0, 2, 0]
    assert class_counts(torch.zeros(0, dtype=torch.int64), 2).tolist() == [0, 0]
