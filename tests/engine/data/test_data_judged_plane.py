"""What was judged follows the photo through zoom, mirror and cut."""

from __future__ import annotations

import numpy as np
import pytest

from fbr_engine.data.augment import Planes, random_crop
from fbr_engine.data.judged_plane import STEP, UNSURE, JudgedPlane, points

SHAPES = [(300, 400), (400, 300), (90, 500), (60, 60)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [65, 33, 50])
def test_planes_follow_zoom_mirror_and_cut(shape: tuple[int, int], side: int) -> None:
    height, width = shape
    # Each plane tells where it is: seeds the column, forced pixels the rows of the upper half.
    seeds = np.tile(np.linspace(0, 200, 201).astype(np.uint8), (3, 1))
    rows = np.zeros((101, 7), dtype=np.int8)
    rows[:50], rows[51:] = 1, -1
    plane = JudgedPlane(seeds, {2: rows})
    seen = set()
    for index in range(12):
        crop = random_crop(np.zeros((height, width, 3), np.uint8), side, (0.7, 2.0), 5, 0, index, Planes(judged=plane))
        assert crop.judged is not None
        seen.add(crop.flipped)
        count = points(side)
        assert crop.judged.seeds.shape == crop.judged.forced[2].shape == (count, count)
        # Slowly: each point lies in the middle of a crop pixel, whose place in the photo the box tells.
        x, y, box_width, box_height = crop.box
        place = np.linspace(0, side - 1, count) + 0.5
        columns = x + box_width * ((side - place) if crop.flipped else place) / side
        lines = y + box_height * place / side
        # A point between two pixels is inside if both are, and outside if neither is.
        low, high = np.floor(place - 0.5).astype(int), np.ceil(place - 0.5).astype(int)
        corners = [crop.valid[one][:, other] for one in (low, high) for other in (low, high)]
        inside, outside = np.all(corners, axis=0), ~np.any(corners, axis=0)
        for i in range(count):
            for j in range(count):
                if not inside[i, j]:
                    continue
                found, forced = int(crop.judged.seeds[i, j]), int(crop.judged.forced[2][i, j])
                assert abs(found - 200 * columns[j] / width) <= 1 + 100 / width * (1 + box_width / side)
                if abs(lines[i] / height - 0.5) > 0.03:
                    assert forced == (1 if lines[i] / height < 0.5 else -1)
        assert (crop.judged.seeds[outside] == UNSURE).all()
        assert (crop.judged.forced[2][outside] == 0).all()
    assert seen == {True, False}


def test_points_lie_from_corner_to_corner() -> None:
    assert points(225) == 57
    assert points(33) == 9
    assert (points(225) - 1) * STEP == 224


def test_a_photo_without_judgements_has_none_in_its_crop() -> None:
    crop = random_crop(np.zeros((40, 40, 3), np.uint8), 33, (1.0, 1.0), 0, 0, 0)
    assert crop.judged is None
