"""Specks and pinholes leave a mask; regions of some size stay as they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fbr_engine.stages.mask_cleanup import without_specks


def drawn(*rows: str) -> np.ndarray:
    return np.array([[int(c) for c in row] for row in rows], dtype=np.uint8)


def test_a_speck_becomes_background_and_a_pinhole_is_filled_by_what_is_around() -> None:
    mask = drawn(
        "000000000",
        "011111020",
        "011011000",
        "011111000",
        "000000000",
    )
    cleaned = without_specks(mask, 3)
    expected = mask.copy()
    expected[1, 7], expected[2, 3] = 0, 1
    assert (cleaned == expected).all()
    assert mask[1, 7] == 2, "the given mask is not changed"


def test_a_speck_inside_another_object_takes_the_objects_id() -> None:
    mask = drawn("11111", "11211", "11111")
    assert (without_specks(mask, 2) == 1).all()


def test_a_diagonal_thread_is_one_region_and_stays() -> None:
    mask = np.eye(8, dtype=np.uint8)
    assert (without_specks(mask, 8) == mask).all()
    assert not without_specks(mask, 9).any()


@pytest.mark.parametrize("smallest", [0, 1])
def test_nothing_is_removed_when_switched_off(smallest: int) -> None:
    mask = drawn("010", "000", "002")
    assert (without_specks(mask, smallest) == mask).all()


def test_no_small_region_is_left_in_noise() -> None:
    rng = np.random.default_rng(0)
    mask = np.kron(rng.integers(0, 3, (8, 8)), np.ones((8, 8))).astype(np.uint8)
    noisy = np.where(rng.random(mask.shape) < 0.05, rng.integers(0, 3, mask.shape), mask).astype(np.uint8)
    cleaned = without_specks(noisy, 6)
    for value in (1, 2):
        _, _, stats, _ = cv2.connectedComponentsWithStats((cleaned == value).astype(np.uint8), connectivity=8)
        assert (stats[1:, cv2.CC_STAT_AREA] >= 6).all()
    assert (cleaned == mask).mean() > (noisy == mask).mean()


def test_an_empty_mask_stays_empty() -> None:
    assert not without_specks(np.zeros((4, 4), dtype=np.uint8), 5).any()
