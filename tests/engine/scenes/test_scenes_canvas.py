from __future__ import annotations

import numpy as np
import pytest

from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.names import GRASS, OBJECT, SKY, WATER
from fbr_engine.scenes.shapes import box, ellipse

RED = (200.0, 30.0, 20.0)
BLUE = (20.0, 30.0, 200.0)


def painted() -> Canvas:
    canvas = Canvas(100, 100)
    canvas.fill(box(-1, -1, 2, 2), BLUE, kind=SKY)
    return canvas


def test_a_pixel_belongs_to_an_object_that_covers_half_of_it() -> None:
    canvas = painted()
    canvas.fill(box(0.2, 0.2, 0.507, 0.503), RED, object_=2)
    _, mask, background = canvas.finish()
    expected = np.zeros((100, 100), bool)
    expected[20:50, 20:51] = True
    assert (mask == 2 * expected).all()
    assert ((background == OBJECT) == expected).all()


def test_the_mask_of_a_disc_has_its_area() -> None:
    canvas = painted()
    canvas.fill(ellipse(0.5, 0.5, 0.3, 0.3, count=200), RED, object_=1)
    _, mask, _ = canvas.finish()
    assert mask.astype(bool).sum() == pytest.approx(np.pi * 900, rel=0.02)


def test_mask_and_colour_come_from_the_same_samples() -> None:
    canvas = painted()
    canvas.fill(ellipse(0.5, 0.5, 0.3, 0.2, 0.4), RED, object_=1)
    image, mask, _ = canvas.finish()
    redder = image[..., 0].astype(int) > image[..., 2]
    assert (redder == (mask == 1)).mean() > 0.995


def test_background_in_front_of_an_object_hides_it() -> None:
    canvas = painted()
    canvas.fill(box(0.2, 0.2, 0.8, 0.8), RED, object_=3)
    canvas.fill(box(0, 0.5, 1, 1.2), BLUE, kind=GRASS)
    _, mask, background = canvas.finish()
    assert (mask[:50, 20:80] == 3)[20:].all()
    assert not mask[51:].any()
    assert (background[51:] == GRASS).all()


def test_translucent_paint_changes_no_label() -> None:
    canvas = painted()
    canvas.fill(box(0.2, 0.2, 0.8, 0.8), RED, object_=3)
    _, before, kinds = canvas.finish()
    canvas.stain([box(0, 0, 0.5, 0.5)], (0, 0, 0), 0.5)
    canvas.glow(0.5, 0.5, 0.4, (255, 255, 255), 0.5)
    image, after, kinds_after = canvas.finish()
    assert (before == after).all()
    assert (kinds == kinds_after).all()
    assert int(image[30, 10, 2]) == pytest.approx(100, abs=2)


def test_shade_runs_from_top_to_bottom() -> None:
    canvas = painted()
    canvas.shade(box(0, 0, 1, 1), (0, 0, 0), (200, 200, 200), kind=WATER)
    image, _, background = canvas.finish()
    assert (np.diff(image[:, 50, 0].astype(int)) >= 0).all()
    assert int(image[50, 50, 0]) == pytest.approx(100, abs=3)
    assert (background == WATER).all()


def test_shapes_outside_the_picture_are_no_error() -> None:
    canvas = painted()
    canvas.shade(box(2, 2, 3, 3), RED, BLUE, kind=WATER, object_=1)
    canvas.stain([box(-3, -3, -2, -2)], RED, 0.5)
    canvas.glow(5, 5, 0.3, RED, 1)
    _, mask, background = canvas.finish()
    assert not mask.any()
    assert (background == SKY).all()
