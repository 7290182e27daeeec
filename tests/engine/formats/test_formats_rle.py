from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from fbr_engine.formats.rle import decode_rle, encode_rle

coco = pytest.importorskip("pycocotools.mask")
Mask = NDArray[np.bool_]
masks = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12))


def coco_counts(mask: Mask) -> str:
    return coco.encode(np.asfortranarray(mask, dtype=np.uint8))["counts"].decode()


def blobs(seed: int, height: int, width: int) -> Mask:
    import cv2

    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 4) > 0.02


@settings(deadline=None)
@given(masks)
def test_equals_pycocotools_and_round_trips(mask: Mask) -> None:
    rle = encode_rle(mask)
    assert rle == {"size": list(mask.shape), "counts": coco_counts(mask)}
    np.testing.assert_array_equal(decode_rle(rle["size"], rle["counts"]), mask)


@pytest.mark.parametrize("shape", [(300, 500), (1, 5000), (5000, 1), (2000, 1500)])
def test_large_masks_equal_pycocotools(shape: tuple[int, int]) -> None:
    mask = blobs(1, *shape)
    rle = encode_rle(mask)
    assert rle["counts"] == coco_counts(mask)
    np.testing.assert_array_equal(decode_rle(rle["size"], rle["counts"]), mask)


@pytest.mark.parametrize("value", [False, True])
def test_one_run_over_a_large_image(value: bool) -> None:
    mask = np.full((4000, 5000), value)
    assert encode_rle(mask)["counts"] == coco_counts(mask)


@settings(deadline=None)
@given(masks, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_a_window_equals_the_whole_image(mask: Mask, top: int, left: int, below: int, right: int) -> None:
    whole = np.pad(mask, ((top, below), (left, right)))
    assert encode_rle(mask, top=top, left=left, size=whole.shape) == encode_rle(whole)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_empty_arrays(shape: tuple[int, int]) -> None:
    rle = encode_rle(np.zeros(shape, np.bool_))
    assert rle["size"] == list(shape)
    assert decode_rle(rle["size"], rle["counts"]).shape == shape


def test_lists_of_runs_and_bytes_are_read() -> None:
    expected = np.array([[False, True], [True, False]])
    np.testing.assert_array_equal(decode_rle([2, 2], [1, 2, 1]), expected)
    np.testing.assert_array_equal(decode_rle([2, 2], encode_rle(expected)["counts"].encode()), expected)


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        ([2, 2], "1"),
        ([2, 2], ""),
        ([2, 2], "o"),
        ([2, 2], "oooooooooo0"),
        ([2, 2], "4 "),
        ([2, 2], "4é"),
        ([2, 2], "4\x7f"),
        ([2, 2], "O5"),
        ([2, 2], [5, -1]),
        ([2, 2], [2**62, 2**62, 2**62, 2**62, 4]),
        ([2, 2], [[4]]),
        ([-2, -2], [4]),
        ([10**9, 10**9], [10**18]),
        ([2, 2, 2], [8]),
    ],
)
def test_what_is_no_encoding(size: list[int], counts: str | list[int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_rle(size, counts)


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=40, max_codepoint=130), max_size=12))
def test_any_text_decodes_or_is_refused(text: str) -> None:
    try:
        mask = decode_rle([3, 4], text)
    except ValueError:
        return
    assert mask.shape == (3, 4)


def test_windows_outside_are_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        encode_rle(np.ones((3, 3), np.bool_), top=1, size=(3, 3))
