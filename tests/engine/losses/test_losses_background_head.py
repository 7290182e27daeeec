"""Loss 3 against its formula; it trains the head, the background projection and the encoder, never the CAM."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.background_head import background_head_loss, background_target


def slow(logits: Tensor, cam: Tensor, valid: Tensor) -> float:
    batch, _, height, width = cam.shape
    terms = []
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                if valid[b, y, x]:
                    is_background = sum(cam[b, :, y, x].tolist()) < 0.05
                    probability = 1 / (1 + math.exp(-logits[b, 0, y, x].item()))
                    terms.append(-math.log(probability if is_background else 1 - probability))
    return sum(terms) / len(terms) if terms else 0.0


@pytest.mark.parametrize("size", [1, 4])
def test_equals_the_formula(size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    cam = torch.rand(3, 5, size, size, generator=generator) * 0.03
    logits = torch.randn(3, 1, size, size, generator=generator)
    valid = torch.rand(3, size, size, generator=generator) < 0.8
    valid[0] = True
    assert background_head_loss(logits, cam, valid).item() == pytest.approx(slow(logits, cam, valid), rel=1e-5)


def test_the_target_is_the_sum_over_classes() -> None:
    cam = torch.tensor([0.04, 0.04, 0.049, 0.0, 0.05, 0.0]).view(3, 2, 1, 1)
    assert background_target(cam)[:, 0, 0].tolist() == [0, 1, 0]


def test_the_target_carries_no_gradient() -> None:
    cam = torch.full((1, 2, 2, 2), 0.01, requires_grad=True)
    logits = torch.zeros(1, 1, 2, 2, requires_grad=True)
    background_head_loss(logits, cam, torch.ones(1, 2, 2, dtype=torch.bool)).backward()
    assert cam.grad is None
    assert logits.grad is not None
    assert (logits.grad < 0).all()


def test_all_padding_is_zero() -> None:
    logits = torch.randn(1, 1, 2, 2, requires_grad=True)
    loss = background_head_loss(logits, torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()
