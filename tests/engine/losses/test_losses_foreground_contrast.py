"""Active sampling against the stated distribution."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.foreground_contrast import draw_foreground

DRAWS = 40_000


def probabilities(own: int, pixel_class: list[int], prototypes: Tensor) -> list[float]:
    """Return the probability of each pixel: softmax over the other classes here, evenly within a class."""
    weights = {}
    for other in sorted(set(pixel_class) - {own}):
        a, b = prototypes[own].tolist(), prototypes[other].tolist()
        norms = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(x * x for x in b))
        weights[other] = math.exp(sum(x * y for x, y in zip(a, b, strict=True)) / norms / 0.5)
    total = sum(weights.values())
    return [weights.get(c, 0.0) / total / pixel_class.count(c) for c in pixel_class]


def test_pixels_are_drawn_as_stated() -> None:
    prototypes = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    pixel_class = [0, 1, 1, 1, 2, 4, 4, 1]  # class 3 has no pixel
    pixels = torch.arange(8.0)[:, None].repeat(1, 3)
    drawn = draw_foreground(pixels, torch.tensor(pixel_class), prototypes, DRAWS, torch.Generator().manual_seed(1))
    assert drawn.present.tolist() == [True] * 5
    for own, rows in enumerate(drawn.rows):
        assert rows.shape == (DRAWS, 3)
        frequencies = torch.bincount(rows[:, 0].long(), minlength=8) / DRAWS
        expected = probabilities(own, pixel_class, prototypes)
        for frequency, probability in zip(frequencies.tolist(), expected, strict=True):
            tolerance = 4.5 * math.sqrt(probability * (1 - probability) / DRAWS)
            assert frequency == pytest.approx(probability, abs=tolerance)


def test_one_class_has_no_negatives() -> None:
    prototypes, pixels = torch.randn(3, 4), torch.randn(6, 4)
    drawn = draw_foreground(pixels, torch.full((6,), 1), prototypes, 8, None)
    assert not drawn.present[1]
    assert drawn.rows.shape == (3, 8, 4)


def test_pixels_of_no_class_are_never_drawn() -> None:
    pixels = torch.arange(9.0)[:, None].repeat(1, 2)
    pixel_class = torch.tensor([-1, 0, -1, 1, 1, -1, 0, 1, -1])
    drawn = draw_foreground(pixels, pixel_class, torch.randn(2, 2), 200, None)
    assert set(drawn.rows[0, :, 0].tolist()) == {3.0, 4.0, 7.0}
    assert set(drawn.rows[1, :, 0].tolist()) == {1.0, 6.0}


def test_a_class_without_a_pixel_of_its_own_still_gets_the_others() -> None:
    pixels = torch.randn(6, 4)
    drawn = draw_foreground(pixels, torch.full((6,), 1), torch.randn(2, 4), 8, None)
    assert drawn.present.tolist() == [True, False]


def test_no_foreground_at_all() -> None:
    nothing = draw_foreground(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.randn(2, 4), 8, None)
    assert not nothing.present.any()
    assert nothing.rows.shape == (2, 8, 4)
    background = draw_foreground(torch.zeros(5, 4), torch.full((5,), -1), torch.randn(2, 4), 8, None)
    assert not background.present.any()


def test_the_same_generator_draws_the_same_and_no_gradient_flows() -> None:
    pixels = torch.randn(9, 4, requires_grad=True)
    classes, prototypes = torch.arange(9) % 3, torch.randn(3, 4)
    first, second = (
        draw_foreground(pixels, classes, prototypes, 16, torch.Generator().manual_seed(7)) for _ in range(2)
    )
    assert torch.equal(first.rows, second.rows)
    assert not first.rows.requires_grad
