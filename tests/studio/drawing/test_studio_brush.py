from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbr_studio.drawing.brush import disk, stroke_pixels

SHAPE = (24, 31)
coordinates = st.floats(-12, 40, allow_nan=False)


def painted(points: list[tuple[float, float]], radius: float, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    result = np.zeros(shape, np.bool_)
    found = stroke_pixels(points, radius, shape)
    if found is not None:
        (top, left, bottom, right), pixels = found
        assert pixels.shape == (bottom - top, right - left)
        result[top:bottom, left:right] = pixels
    return result


def distances(points: list[tuple[float, float]], shape: tuple[int, int]) -> np.ndarray:
    """Return the distance of each pixel's centre from the polyline, one by one."""
    result = np.full(shape, np.inf)
    segments = list(pairwise(points)) or [(points[0], points[0])]
    for row in range(shape[0]):
        for column in range(shape[1]):
            p = np.array([column + 0.5, row + 0.5])
            for start, end in segments:
                a, b = np.array(start), np.array(end)
                length = (b - a) @ (b - a)
                share = 0.0 if length < 1e-18 else np.clip((p - a) @ (b - a) / length, 0, 1)
                result[row, column] = min(result[row, column], np.linalg.norm(p - a - share * (b - a)))
    return result


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=3), st.floats(0.8, 9))
def test_a_stroke_is_all_pixels_within_its_radius(points: list[tuple[float, float]], radius: float) -> None:
    distance = distances(points, SHAPE)
    sure = np.abs(distance - radius) > 1e-6
    assert np.array_equal(painted(points, radius)[sure], (distance <= radius)[sure])


@pytest.mark.parametrize(("x", "y"), [(7.0, 9.0), (7.5, 9.5), (7.999, 9.0), (7.3, 9.8)])
def test_a_diameter_of_one_paints_one_pixel(x: float, y: float) -> None:
    assert np.argwhere(painted([(x, y)], 0.5)).tolist() == [[9, 7]]


def test_a_thin_line_has_no_gaps_and_is_one_pixel_thin() -> None:
    line = painted([(2.5, 3.5), (27.2, 15.9)], 0.5)
    assert line.any(axis=0).sum() == line.sum() == 26
    rows = line.argmax(axis=0)[2:28]
    assert set(np.diff(rows)) <= {0, 1}


def test_outside_is_none_and_the_border_clips() -> None:
    assert stroke_pixels([(-20, -20)], 5, SHAPE) is None
    assert stroke_pixels([], 5, SHAPE) is None
    found = stroke_pixels([(0, 0)], 5, SHAPE)
    assert found is not None
    assert found[0][:2] == (0, 0)
    assert painted([(15, 12)], 100).all()


def test_disk() -> None:
    assert disk(0.5).tolist() == [[True]]
    assert disk(1).sum() == 5
    assert disk(3.0).shape == (7, 7)
    found = stroke_pixels([(50.5, 50.5)], 8.3, (101, 101))
    assert found is not None
    assert found[1].sum() == disk(8.3).sum()
