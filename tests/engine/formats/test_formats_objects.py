from __future__ import annotations

import numpy as np

from fbr_engine.formats.objects import find_objects
from fbr_engine.formats.rle import decode_rle


def picture(*rows: str) -> np.ndarray:
    return np.array([[character == "#" for character in row] for row in rows])


def test_objects_come_in_reading_order_with_box_and_area() -> None:
    pixels = picture("......#", ".##....", ".#.#...", "#......", "....###", "....#.#", "....###")
    found = list(find_objects(pixels))
    assert [(o.area, o.box) for o in found] == [(1, (6, 0, 1, 1)), (5, (0, 1, 4, 3)), (8, (4, 4, 3, 3))]
    assert all(o.size == (7, 7) for o in found)
    np.testing.assert_array_equal(found[1].pixels, pixels[1:4, 0:4])


def test_a_ring_is_run_length_encoded_in_the_image_and_a_square_is_a_polygon() -> None:
    pixels = picture("......", ".###..", ".#.#..", ".###..", "......", "....##")
    ring, bar = (found.segmentation() for found in find_objects(pixels))
    assert isinstance(ring, dict)
    pixels[5] = False
    np.testing.assert_array_equal(decode_rle(ring["size"], ring["counts"]), pixels)
    assert bar == [[4, 5, 6, 5, 6, 6, 4, 6]]


def test_nothing_has_no_objects_and_slices_are_read() -> None:
    assert list(find_objects(np.zeros((4, 5), np.bool_))) == []
    assert [o.area for o in find_objects(np.ones((8, 8), np.bool_)[::2, ::3])] == [12]
