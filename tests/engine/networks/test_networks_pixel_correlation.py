"""The pixel correlation module against a loop, where its gradient goes, and resizing that keeps corners."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from fbr_engine.networks import pixel_correlation
from fbr_engine.networks.pixel_correlation import PixelCorrelation, correlate
from fbr_engine.networks.resizing import resized


def test_correlation_equals_a_loop() -> None:
    torch.manual_seed(0)
    unit, cam = F.normalize(torch.randn(2, 4, 6), dim=1), torch.rand(2, 3, 6)
    weight = torch.ones(2, 1, 6)
    weight[1, 0, 4:] = 0
    out = correlate(unit, cam, weight)
    for b in range(2):
        for i in range(6):
            alike = [max(0.0, float(unit[b, :, i] @ unit[b, :, j])) * float(weight[b, 0, j]) for j in range(6)]
            for c in range(3):
                expected = sum(a * float(cam[b, c, j]) for j, a in enumerate(alike)) / max(sum(alike), 1e-5)
                assert float(out[b, c, i]) == pytest.approx(expected, abs=1e-5)


def test_pieces_give_the_same_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    module = PixelCorrelation(6, 10)
    images, low, deep = torch.randn(2, 3, 65, 97), torch.randn(2, 6, 17, 25), torch.randn(2, 10, 5, 7)
    cam = torch.rand(2, 4, 5, 7)
    whole = module(images, low, deep, cam)
    monkeypatch.setattr(pixel_correlation, "MOST_VALUES", 2 * 35 * 3)
    with torch.inference_mode():
        torch.testing.assert_close(module(images, low, deep, cam), whole, rtol=1e-5, atol=1e-6)
    assert (whole <= cam.amax(dim=(2, 3), keepdim=True) + 1e-6).all()
    assert (whole >= 0).all()


def test_only_the_module_learns_and_padding_gives_nothing() -> None:
    module = PixelCorrelation(6, 10)
    inputs = [torch.randn(1, 3, 65, 65), torch.randn(1, 6, 17, 17), torch.randn(1, 10, 5, 5), torch.rand(1, 2, 5, 5)]
    for tensor in inputs:
        tensor.requires_grad_()
    valid = torch.ones(1, 5, 5, dtype=torch.bool)
    valid[:, :, 3:] = False
    out = module(*inputs, valid)
    out.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in module.parameters())
    assert all(tensor.grad is None for tensor in inputs[1:])
    padded = inputs[3].detach().clone()
    padded[:, :, :, 3:] = 100
    torch.testing.assert_close(module(*inputs[:3], padded, valid), out)


@pytest.mark.parametrize("size", [(5, 5), (17, 9), (65, 65), (33, 2), (1, 1), (97, 129)])
def test_resizing_keeps_corners_and_means(size: tuple[int, int]) -> None:
    ramp = torch.linspace(0, 1, 65).expand(1, 1, 65, 65)
    out = resized(ramp, size)
    assert out.shape[-2:] == size
    expected = torch.linspace(0, 1, size[1]) if size[1] > 1 else torch.zeros(1)
    # Half a window is missing at the border.
    torch.testing.assert_close(out[0, 0, 0, 1:-1], expected[1:-1])
    assert out[0, 0, 0, 0] < 0.5 / max(1, size[1] - 1) + 1e-6
    torch.testing.assert_close(resized(torch.ones(1, 2, 65, 65), size), torch.ones(1, 2, *size))


def test_resizing_averages_what_it_leaves_out() -> None:
    stripes = torch.zeros(1, 1, 65, 65)
    stripes[..., ::2] = 1
    out = resized(stripes, (5, 5))
    assert ((out - 0.5).abs() < 0.1).all()
