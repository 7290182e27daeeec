"""Prototypes against a plain loop; they are constants in every loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.prototypes import class_prototypes


def slow(features: Tensor, cam: Tensor) -> tuple[list[list[float]], list[bool]]:
    batch, dims, height, width = features.shape
    count = min(max(1, height * width // 16), batch * height * width)
    prototypes, present = [], []
    for c in range(cam.shape[1]):
        pixels = [(b, y, x) for b in range(batch) for y in range(height) for x in range(width)]
        pixels.sort(key=lambda p: cam[p[0], c, p[1], p[2]].item(), reverse=True)
        total, mean = 0.0, [0.0] * dims
        for b, y, x in pixels[:count]:
            weight = cam[b, c, y, x].item()
            total += weight
            for d in range(dims):
                mean[d] += weight * features[b, d, y, x].item()
        prototypes.append([m / total if total else 0.0 for m in mean])
        present.append(total > 0)
    return prototypes, present


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 5, 7), (2, 1, 1)])
def test_equals_the_loop_with_an_absent_class(shape: tuple[int, int, int]) -> None:
    batch, height, width = shape
    generator = torch.Generator().manual_seed(5)
    features = torch.randn(batch, 4, height, width, generator=generator)
    cam = torch.rand(batch, 3, height, width, generator=generator)
    cam[:, 1] = 0
    prototypes, present = class_prototypes(features, cam)
    expected, expected_present = slow(features, cam)
    torch.testing.assert_close(prototypes, torch.tensor(expected))
    assert present.tolist() == expected_present == [True, False, True]
    assert not prototypes[1].any()


def test_a_class_active_on_fewer_pixels_takes_those_alone() -> None:
    features = torch.randn(1, 4, 8, 8)
    cam = torch.zeros(1, 1, 8, 8)
    cam[0, 0, 2, 3] = 0.5
    prototypes, _ = class_prototypes(features, cam)
    torch.testing.assert_close(prototypes[0], features[0, :, 2, 3])


def test_no_gradient() -> None:
    features = torch.randn(1, 4, 4, 4, requires_grad=True)
    cam = torch.rand(1, 2, 4, 4, requires_grad=True)
    prototypes, _ = class_prototypes(features, cam)
    assert not prototypes.requires_grad
