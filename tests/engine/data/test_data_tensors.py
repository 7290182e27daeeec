"""Pixels to normalised tensors, and the sides networks like."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fbr_engine.data.device import memory_advice, pick_device
from fbr_engine.data.tensors import network_side, resize_for_network, to_batch
from fbr_engine.errors import DeviceError


def test_a_batch_equals_the_loop() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 3), dtype=np.uint8)
    batch = to_batch(images, torch.device("cpu"))
    assert batch.shape == (2, 3, 3, 4)
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    for b, y, x, c in np.ndindex(2, 3, 4, 3):
        expected = (images[b, y, x, c] / 255 - mean[c]) / std[c]
        assert batch[b, c, y, x].item() == pytest.approx(expected, abs=1e-5)


def test_padding_colour_is_nearly_zero() -> None:
    image = np.full((1, 2, 2, 3), (124, 116, 104), dtype=np.uint8)
    assert to_batch(image, torch.device("cpu")).abs().max() < 0.02


@given(st.floats(0.1, 50_000))
def test_sides_are_32k_plus_1_and_near(length: float) -> None:
    side = network_side(length)
    assert side % 32 == 1
    assert side >= 33
    assert abs(side - length) <= 16 or side == 33


@pytest.mark.parametrize("shape", [(375, 500), (1, 1), (3, 2000), (33, 33)])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
def test_resizing_for_the_network(shape: tuple[int, int], scale: float) -> None:
    image = np.full((*shape, 3), 77, dtype=np.uint8)
    resized = resize_for_network(image, scale)
    assert resized.shape == (network_side(shape[0] * scale), network_side(shape[1] * scale), 3)
    assert resized.dtype == np.uint8
    assert (resized == 77).all()


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto").type == pick_device("cpu").type == "cpu"
    with pytest.raises(DeviceError, match="--device cpu"):
        pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto").type == pick_device("cuda").type == "cuda"
    assert pick_device("cpu").type == "cpu"


def too_large() -> None:
    torch.empty(2**55)


def cuda_is_full() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory")


def python_is_full() -> None:
    raise MemoryError


@pytest.mark.parametrize("ask", [too_large, cuda_is_full, python_is_full])
def test_running_out_of_memory_says_what_to_do(ask: object) -> None:
    with pytest.raises(DeviceError, match="ran out of memory: try --batch 4"), memory_advice("try --batch 4"):
        ask()  # type: ignore[operator]


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shape"), memory_advice("no"):
        raise RuntimeError("shape mismatch")
