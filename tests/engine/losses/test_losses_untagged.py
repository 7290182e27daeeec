"""The push against untagged activation, against its formula; it trains encoder and CAM head."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.untagged import untagged_activation_loss


def slow(logits: Tensor, tags: Tensor, valid: Tensor) -> float:
    terms = []
    for b in range(logits.shape[0]):
        for c in range(logits.shape[1]):
            if tags[b, c] != 0:
                continue
            values = sorted(logits[b, c][valid[b]].tolist(), reverse=True)
            hard = values[: max(1, round(valid[b].numel() * 0.1))]
            if hard:
                terms.append(sum(math.log1p(math.exp(v)) for v in hard) / len(hard))
            else:
                terms.append(0.0)
    return sum(terms) / len(terms) if terms else 0.0


@pytest.mark.parametrize("shape", [(3, 4, 7, 9), (2, 3, 1, 1)])
def test_equals_the_formula(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(shape, generator=generator)
    tags = torch.randint(-1, 2, shape[:2], generator=generator, dtype=torch.int8)
    tags[0, 0] = 0
    valid = torch.ones(shape[0], *shape[2:], dtype=torch.bool)
    assert untagged_activation_loss(logits, tags, valid).item() == pytest.approx(slow(logits, tags, valid), rel=1e-5)


def test_padding_takes_no_part() -> None:
    logits = torch.randn(2, 2, 6, 6)
    valid = torch.ones(2, 6, 6, dtype=torch.bool)
    valid[:, :3] = False
    logits[:, :, :3] = 50.0
    valid[1, 3:] = False  # an image without a valid pixel
    logits.requires_grad_()
    tags = torch.tensor([[0, 1], [0, 0]], dtype=torch.int8)
    loss = untagged_activation_loss(logits, tags, valid)
    loss.backward()
    assert loss.item() == pytest.approx(slow(logits.detach(), tags, valid), rel=1e-5)
    assert logits.grad is not None
    assert not logits.grad.transpose(0, 1)[:, ~valid].any()


def test_present_and_unknown_classes_are_left_alone() -> None:
    logits = torch.randn(1, 3, 10, 10, requires_grad=True)
    valid = torch.ones(1, 10, 10, dtype=torch.bool)
    untagged_activation_loss(logits, torch.tensor([[1, 0, -1]], dtype=torch.int8), valid).backward()
    assert logits.grad is not None
    assert (logits.grad.flatten(2) > 0).sum(dim=2).tolist() == [[0, 10, 0]]


def test_nothing_absent_is_zero_with_a_zero_gradient() -> None:
    logits = torch.randn(2, 2, 4, 4, requires_grad=True)
    valid = torch.ones(2, 4, 4, dtype=torch.bool)
    loss = untagged_activation_loss(logits, torch.tensor([[1, -1], [1, 1]], dtype=torch.int8), valid)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()
