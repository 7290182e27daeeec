"""Loss 1 against its formula; it trains whatever makes the pooled logits (encoder and CAM head)."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.classification import classification_loss


def slow(logits: Tensor, tags: Tensor) -> float:
    terms = []
    for row, tag_row in zip(logits.tolist(), tags.tolist(), strict=True):
        for value, tag in zip(row, tag_row, strict=True):
            if tag == -1:
                continue
            probability = 1 / (1 + math.exp(-value))
            terms.append(-math.log(probability if tag == 1 else 1 - probability))
    return sum(terms) / len(terms) if terms else 0.0


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_formula_with_unknown_tags(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(4, 6, generator=generator) * 3
    tags = torch.randint(-1, 2, (4, 6), generator=generator, dtype=torch.int8)
    assert classification_loss(logits, tags).item() == pytest.approx(slow(logits, tags), rel=1e-5)


def test_only_known_tags_get_a_gradient() -> None:
    logits = torch.zeros(1, 3, requires_grad=True)
    classification_loss(logits, torch.tensor([[1, 0, -1]], dtype=torch.int8)).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0] < 0 < logits.grad[0, 1]
    assert logits.grad[0, 2] == 0


def test_nothing_known_is_zero_with_a_zero_gradient() -> None:
    logits = torch.randn(2, 3, requires_grad=True)
    loss = classification_loss(logits, torch.full((2, 3), -1, dtype=torch.int8))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_large_logits_stay_finite() -> None:
    logits = torch.tensor([[1e4, -1e4]])
    assert classification_loss(logits, torch.tensor([[0, 1]], dtype=torch.int8)).item() == pytest.approx(1e4)
