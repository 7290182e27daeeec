"""Weighted draws against their weights."""

from __future__ import annotations

import math

import pytest
import torch

from fbr_engine.losses.sampling import draw_weighted

DRAWS = 40_000


def test_columns_are_drawn_in_proportion_and_those_without_weight_never() -> None:
    weights = torch.tensor([[0.0, 1, 3, 0, 4, 0], [5, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 2]])
    drawn = draw_weighted(weights, DRAWS, torch.Generator().manual_seed(0))
    for row in range(3):
        frequencies = torch.bincount(drawn[row], minlength=6) / DRAWS
        for frequency, weight in zip(frequencies.tolist(), (weights[row] / weights[row].sum()).tolist(), strict=True):
            tolerance = 4.5 * math.sqrt(weight * (1 - weight) / DRAWS)
            assert frequency == pytest.approx(weight, abs=tolerance)


@pytest.mark.parametrize("weight", [0.0, math.nan, math.inf])
def test_weights_that_say_nothing_still_give_a_column(weight: float) -> None:
    drawn = draw_weighted(torch.full((2, 5), weight), 9, None)
    assert drawn.shape == (2, 9)
    assert drawn.min() >= 0
    assert drawn.max() < 5
    assert weight != 0 or not drawn.any()


def test_a_generator_repeats() -> None:
    weights = torch.rand(3, 20)
    first, second = (draw_weighted(weights, 7, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(first, second)
