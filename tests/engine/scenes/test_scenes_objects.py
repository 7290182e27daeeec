from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fbr_engine.scenes.bird import bird
from fbr_engine.scenes.boat import boat
from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.figure import Figure, area, extent, paint, placed
from fbr_engine.scenes.light import choose_light
from fbr_engine.scenes.oncoming import oncoming_train
from fbr_engine.scenes.sheep import sheep
from fbr_engine.scenes.train import train

Rng = np.random.Generator
DRAWERS: dict[str, Callable[[Rng], Figure]] = {
    "boat afloat": lambda rng: boat(rng, True),
    "boat on land": lambda rng: boat(rng, False),
    "train": train,
    "oncoming train": lambda rng: oncoming_train(rng, (1.5, -0.7), 0.7),
    "sheep": sheep,
    "flying bird": lambda rng: bird(rng, True),
    "standing bird": lambda rng: bird(rng, False),
}


@pytest.mark.parametrize("name", DRAWERS)
def test_figures_are_in_units_of_their_own_size(name: str) -> None:
    for seed in range(20):
        left, top, right, bottom = extent(DRAWERS[name](np.random.default_rng(seed)))
        assert 0.5 < max(right - left, bottom - top) < 3.5
        assert left < 0 < right
        assert top < 0


@pytest.mark.parametrize("name", ["boat on land", "train", "oncoming train", "sheep", "standing bird"])
def test_figures_stand_on_their_origin(name: str) -> None:
    for seed in range(20):
        assert extent(DRAWERS[name](np.random.default_rng(seed)))[3] == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("name", DRAWERS)
def test_area_says_how_many_pixels_a_figure_covers(name: str) -> None:
    figure = DRAWERS[name](np.random.default_rng(7))
    left, top, right, bottom = extent(figure)
    scale = 0.9 / max(right - left, bottom - top)
    canvas = Canvas(200, 200)
    whole = placed(figure, 0.5 - (left + right) / 2 * scale, 0.5 - (top + bottom) / 2 * scale, scale)
    paint(canvas, whole, choose_light(np.random.default_rng(0)), 1)
    covered = (canvas.finish()[1] == 1).sum() / 200**2
    assert covered == pytest.approx(area(figure) * scale**2, rel=0.12)


def test_mirroring_keeps_size_and_turns_the_sides() -> None:
    figure = train(np.random.default_rng(3))
    left, top, right, bottom = extent(figure)
    assert extent(placed(figure, 0, 0, 2.0, flip=True)) == pytest.approx((-2 * right, 2 * top, -2 * left, 2 * bottom))
