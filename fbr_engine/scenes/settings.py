"""The places: each painter lays one whole background and says where objects can stand in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.far import paint_far, paint_forest, paint_tree
from fbr_engine.scenes.ground import (
    TUFT,
    paint_fence,
    paint_field,
    paint_grass,
    paint_path,
    paint_sand,
    paint_water,
)
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.names import GRASS
from fbr_engine.scenes.rails import Track, paint_masts, paint_side_track, paint_signal, paint_track
from fbr_engine.scenes.shapes import stamped
from fbr_engine.scenes.sky import paint_sky


@dataclass(frozen=True)
class Stage:
    """Where objects can stand: the ground reaches from ``horizon`` to ``bottom``.

    A railway has either the height ``rail`` of a rail seen from the side, with wagons ``size`` high, or
    a ``track`` that runs towards the horizon; its ``verge`` is where free ground begins in front of it.
    """

    horizon: float
    bottom: float
    rail: float | None = None
    size: float = 0.0
    verge: float = 0.0
    track: Track | None = None


Painter = Callable[[Canvas, Light, np.random.Generator], Stage]


def _lake(canvas: Canvas, light: Light, rng: np.random.Generator) -> Stage:
    horizon = canvas.height * rng.uniform(0.2, 0.48)
    paint_sky(canvas, light, rng, horizon, int(rng.integers(0, 3)))
    paint_far(canvas, light, rng, horizon, min(0.3, horizon * 0.75))
    paint_water(canvas, light, rng, horizon)
    bottom = canvas.height
    if rng.random() < 0.25:
        bottom -= rng.uniform(0.06, 0.16)
        paint_sand(canvas, light, rng, bottom, bank=True)
    elif rng.random() < 0.25:
        _reeds(canvas, light, rng)
    return Stage(horizon, bottom - 0.02)


def _reeds(canvas: Canvas, light: Light, rng: np.random.Generator) -> None:
    """Paint a clump of reeds in a lower corner."""
    corner = canvas.width * (0.12 if rng.random() < 0.5 else 0.88)
    for colour in ((74, 104, 62), (104, 128, 66)):
        x, foot = corner + rng.normal(0, 0.07, 9), np.full(9, canvas.height + 0.02)
        tall = rng.uniform(0.08, 0.15, 9)
        canvas.fill_many(stamped(TUFT, x, foot, tall * 0.5, tall), light.on(colour), kind=GRASS)


def _meadow(canvas: Canvas, light: Light, rng: np.random.Generator) -> Stage:
    horizon = canvas.height * rng.uniform(0.14, 0.42)
    paint_sky(canvas, light, rng, horizon, int(rng.integers(0, 3)))
    paint_far(canvas, light, rng, horizon, min(0.3, horizon * 0.8))
    paint_grass(canvas, light, rng, horizon)
    if rng.random() < 0.22:
        paint_path(canvas, light, rng, horizon + 0.01)
    _trees_on_horizon(canvas, light, rng, horizon)
    if rng.random() < 0.3:
        paint_fence(canvas, light, rng, horizon + rng.uniform(0.06, 0.1), rng.uniform(0.05, 0.08))
    return Stage(horizon, canvas.height - 0.03)


def _trees_on_horizon(canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float) -> None:
    for _ in range(int(rng.integers(0, 4))):
        base = horizon + rng.uniform(0.01, 0.09)
        paint_tree(canvas, light, rng, rng.uniform(0, canvas.width), base, rng.uniform(0.1, 0.26))


def _dunes(canvas: Canvas, light: Light, rng: np.random.Generator) -> Stage:
    horizon = canvas.height * rng.uniform(0.2, 0.42)
    paint_sky(canvas, light, rng, horizon, int(rng.integers(0, 2)))
    if rng.random() < 0.5:
        paint_far(canvas, light, rng, horizon, min(0.25, horizon * 0.7))
    paint_sand(canvas, light, rng, horizon)
    return Stage(horizon, canvas.height - 0.04)


def _open_sky(canvas: Canvas, light: Light, rng: np.random.Generator) -> Stage:
    paint_sky(canvas, light, rng, canvas.height * rng.uniform(0.9, 1.15), int(rng.integers(1, 6)))
    land = rng.random()
    if land < 0.55:
        paint_far(canvas, light, rng, canvas.height + 0.005, 0.24)
        paint_forest(canvas, light, rng, canvas.height + 0.02, rng.uniform(0.08, 0.14))
    return Stage(0.0, canvas.height - (0.14 if land < 0.55 else 0.03))


def _railway(canvas: Canvas, light: Light, rng: np.random.Generator) -> Stage:
    return (_rails_from_side if rng.random() < 0.6 else _rails_ahead)(canvas, light, rng)


def _land(canvas: Canvas, light: Light, rng: np.random.Generator, horizon: float) -> None:
    """Paint the land that a railway crosses: mostly fields and earth, now and then grass."""
    paint_sky(canvas, light, rng, horizon, int(rng.integers(0, 3)))
    paint_far(canvas, light, rng, horizon, min(0.34, horizon * 0.8))
    (paint_grass if rng.random() < 0.06 else paint_field)(canvas, light, rng, horizon)


def _rails_from_side(canvas: Canvas, light: Light, rng: np.random.Generator) -> Stage:
    horizon = canvas.height * rng.uniform(0.3, 0.52)
    _land(canvas, light, rng, horizon)
    _trees_on_horizon(canvas, light, rng, horizon)
    size = rng.uniform(0.22, 0.4)
    rail = min(canvas.height * rng.uniform(0.66, 0.84), canvas.height - size * 0.38)
    if rng.random() < 0.45:
        paint_masts(canvas, light, rng, rail - size * 0.1, size)
    paint_side_track(canvas, light, rng, rail, size)
    verge = rail + size * 0.36
    if rng.random() < 0.5:
        paint_side_track(canvas, light, rng, rail + size * 0.5, size * 1.1)
        verge += size * 0.54
    return Stage(horizon, canvas.height - 0.03, rail, size, verge)


def _rails_ahead(canvas: Canvas, light: Light, rng: np.random.Generator) -> Stage:
    horizon = canvas.height * rng.uniform(0.24, 0.42)
    _land(canvas, light, rng, horizon)
    side = 1 if rng.random() < 0.5 else -1
    vanishing = (canvas.width * (0.5 + side * rng.uniform(0.26, 0.42)), horizon + 0.004)
    x = canvas.width * (0.5 - side * rng.uniform(0.08, 0.24))
    track = Track(x, canvas.height, rng.uniform(0.27, 0.38), vanishing)
    if rng.random() < 0.5:
        other = Track(x + side * track.gauge * 2.3, canvas.height, track.gauge, vanishing)
        paint_track(canvas, light, rng, other)
    paint_track(canvas, light, rng, track)
    if rng.random() < 0.5:
        x, y, gauge = track.point(rng.uniform(0.3, 0.6))
        paint_signal(canvas, light, rng, x - side * gauge * 1.6, y, gauge * 1.6)
    return Stage(horizon, canvas.height - 0.03, track=track)


SETTINGS: dict[str, Painter] = {
    "lake": _lake,
    "meadow": _meadow,
    "dunes": _dunes,
    "sky": _open_sky,
    "railway": _railway,
}
"""Name of a place -> its painter."""
