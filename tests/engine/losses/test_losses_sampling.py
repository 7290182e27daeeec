"""Weighted draws against their weights, spread ones against what they promise."""

from __future__ import annotations

import math

import pytest
import torch

from fbr_engine.losses.sampling import draw_spread, draw_weighted, rows_at

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


@pytest.mark.parametrize("count", [1, 7, 30, 31, 64, 256])
def test_spread_draws_are_in_the_mask_and_repeat_only_when_they_must(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    mask = torch.rand(200, 60, generator=generator) < torch.linspace(0.02, 1, 200)[:, None]
    drawn = draw_spread(mask, count, generator)
    assert drawn.shape == (200, count)
    for row, columns in zip(mask, drawn.tolist(), strict=True):
        inside = row.nonzero()[:, 0].tolist()
        if not inside:
            assert set(columns) == {0}
        elif len(inside) <= count:
            assert sorted(set(columns)) == inside
        else:
            assert len(set(columns)) == count
            assert set(columns) <= set(inside)


def test_spread_draws_take_every_column_as_often() -> None:
    mask = (torch.arange(40) % 4 < 3).expand(20_000, -1)
    drawn = draw_spread(mask, 7, torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn.flatten(), minlength=40)[mask[0]] / len(mask)
    tolerance = 4.5 * math.sqrt(7 / 30 * (1 - 7 / 30) / len(mask))
    torch.testing.assert_close(shares, torch.full((30,), 7 / 30), rtol=0, atol=tolerance)


def test_rows_are_those_of_the_index() -> None:
    table, places = torch.randn(9, 4), torch.randint(0, 9, (3, 5))
    assert torch.equal(rows_at(table, places), table[places])
    assert rows_at(table, places[:0]).shape == (0, 5, 4)
