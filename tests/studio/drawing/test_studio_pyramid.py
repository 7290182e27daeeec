from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbr_engine.errors import ReadError, WriteError
from fbr_studio.drawing import disk_pyramid
from fbr_studio.drawing.disk_pyramid import DiskPyramid, needs_disk, prune
from fbr_studio.drawing.pyramid import TILE, LabelPyramid, PixelPyramid, halved_labels, halved_pixels


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def slow_labels(labels: np.ndarray) -> np.ndarray:
    """Halve labels pixel by pixel as the rule reads."""
    height, width = labels.shape
    result = np.zeros((-(-height // 2), -(-width // 2)), np.uint8)
    for row, column in np.ndindex(result.shape):
        rows, columns = (2 * row, min(2 * row + 1, height - 1)), (2 * column, min(2 * column + 1, width - 1))
        four = [int(labels[r, c]) for r in rows for c in columns]
        others = [label for label in four if label]
        if len(others) >= 2:
            result[row, column] = max(others, key=lambda label: (others.count(label), -others.index(label)))
    return result


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 10**6), st.integers(1, 4))
def test_halved_labels_follow_the_rule(height: int, width: int, seed: int, classes: int) -> None:
    labels = np.random.default_rng(seed).integers(0, classes + 1, (height, width)).astype(np.uint8)
    assert np.array_equal(halved_labels(labels), slow_labels(labels))


def test_halved_pixels_are_means() -> None:
    pixels = picture(7, 10)
    padded = np.pad(pixels, ((0, 1), (0, 0), (0, 0)), mode="edge").astype(float)
    means = (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]) / 4
    assert np.abs(halved_pixels(pixels) - means).max() <= 0.5


@pytest.mark.parametrize("shape", [(1, 1), (513, 40), (1025, 1100), (1537, 700)])
def test_tiles_made_one_by_one_equal_levels_made_at_once(shape: tuple[int, int]) -> None:
    pixels = picture(*shape)
    lazy = PixelPyramid(pixels)
    reference = pixels
    for level in range(lazy.levels):
        assert lazy.level_shape(level) == reference.shape[:2]
        height, width = reference.shape[:2]
        for row, column in [(0, 0), ((height - 1) // TILE, (width - 1) // TILE)]:
            tile = reference[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
            assert np.array_equal(lazy.tile(level, row, column), tile)
        reference = halved_pixels(reference)
    assert max(lazy.level_shape(lazy.levels - 1)) <= TILE
    built = PixelPyramid(pixels)
    built.build()
    last = built.levels - 1
    assert np.array_equal(built.tile(last, 0, 0), lazy.tile(last, 0, 0))


def test_advance_stops_when_the_time_is_over() -> None:
    pyramid = LabelPyramid(np.ones((2048, 2048), np.uint8))
    box = (0, 0, *pyramid.level_shape(2))
    assert not pyramid.advance(2, box, 0.0)
    assert pyramid.advance(2, box, 10.0)
    assert pyramid.advance(2, box, 0.0)
    assert pyramid.region(2, box).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 1100), st.integers(1, 90)), min_size=1, max_size=4))
def test_a_change_reaches_all_levels_that_are_made(changes: list[tuple[int, int, int]]) -> None:
    labels = np.zeros((1201, 1101), np.uint8)
    pyramid = LabelPyramid(labels)
    pyramid.tile(pyramid.levels - 1, 0, 0)
    for number, (top, left, size) in enumerate(changes):
        labels[top : top + size, left : left + size] = number + 1
        pyramid.update((top, left, top + size, left + size))
    fresh = LabelPyramid(labels)
    for level in range(1, pyramid.levels):
        box = (0, 0, *pyramid.level_shape(level))
        assert np.array_equal(pyramid.region(level, box), fresh.region(level, box))


def test_pyramids_refuse_what_is_no_image() -> None:
    with pytest.raises(ValueError, match="H x W x 3"):
        PixelPyramid(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="H x W"):
        LabelPyramid(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="not empty"):
        LabelPyramid(np.zeros((0, 4), np.uint8))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "photo.tif"
    path.write_bytes(b"what is in it does not matter")
    return path


def test_a_disk_pyramid_holds_the_same_pixels_and_opens_again(tmp_path: Path, source: Path) -> None:
    pixels, cache = picture(1100, 1030), tmp_path / "cache"
    assert DiskPyramid.open(cache, source) is None
    made, reference = DiskPyramid.make(cache, source, pixels), PixelPyramid(pixels)
    opened = DiskPyramid.open(cache, source)
    assert opened is not None
    for pyramid in (made, opened):
        assert (pyramid.shape, pyramid.levels) == (reference.shape, reference.levels)
        for level, box in [(0, (400, 500, 1100, 1030)), (1, (0, 0, 550, 515)), (2, (3, 4, 5, 6))]:
            assert np.array_equal(pyramid.region(level, box), reference.region(level, box))
        assert np.array_equal(pyramid.tile(0, 2, 2), reference.tile(0, 2, 2))


def test_a_changed_image_has_no_pyramid(tmp_path: Path, source: Path) -> None:
    cache = tmp_path / "cache"
    DiskPyramid.make(cache, source, picture(20, 20))
    os.utime(source, ns=(1, 1))
    assert DiskPyramid.open(cache, source) is None


def test_a_broken_pyramid_is_not_opened(tmp_path: Path, source: Path) -> None:
    cache = tmp_path / "cache"
    DiskPyramid.make(cache, source, picture(20, 20))
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert DiskPyramid.open(cache, source) is None
    file.write_bytes(b"")
    assert DiskPyramid.open(cache, source) is None


def test_a_failed_write_leaves_nothing(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> np.ndarray:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk_pyramid.PixelPyramid, "tile", full)
    cache = tmp_path / "cache"
    with pytest.raises(WriteError, match="no space left"):
        DiskPyramid.make(cache, source, picture(20, 20))
    assert list(cache.iterdir()) == []
    with pytest.raises(ReadError, match="missing"):
        DiskPyramid.make(cache, tmp_path / "gone.tif", picture(20, 20))


def test_prune_removes_what_was_not_opened_for_longest(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(3):
        image = tmp_path / f"{number}.tif"
        image.write_bytes(bytes(number))
        DiskPyramid.make(cache, image, picture(20, 20))
        os.utime(sorted(cache.iterdir(), key=lambda p: p.stat().st_mtime)[-1], (number, number))
    size = next(cache.iterdir()).stat().st_size
    assert DiskPyramid.open(cache, tmp_path / "0.tif") is not None  # now the youngest
    assert prune(cache, 2 * size) == 1
    assert DiskPyramid.open(cache, tmp_path / "1.tif") is None
    assert DiskPyramid.open(cache, tmp_path / "0.tif") is not None
    assert prune(tmp_path / "none", 0) == 0


def test_only_large_images_need_the_disk() -> None:
    assert needs_disk(100, 16384)
    assert not needs_disk(8000, 8000)
