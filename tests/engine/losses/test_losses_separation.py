"""Loss 2 against its formula; it trains both projections and, through them, the encoder."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.separation import separation_loss


def slow(foreground: Tensor, background: Tensor, valid: Tensor, orthogonal: bool) -> float:
    batch, _, height, width = foreground.shape
    terms = []
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                if not valid[b, y, x]:
                    continue
                f, g = foreground[b, :, y, x].tolist(), background[b, :, y, x].tolist()
                dot = sum(i * j for i, j in zip(f, g, strict=True))
                norms = math.sqrt(sum(i * i for i in f)) * math.sqrt(sum(j * j for j in g))
                cosine = dot / norms if norms else 0.0
                terms.append(abs(cosine) if orthogonal else cosine)
    return sum(terms) / len(terms) if terms else 0.0


@pytest.mark.parametrize("orthogonal", [False, True])
@pytest.mark.parametrize("shape", [(2, 4, 3, 5), (1, 2, 1, 1)])
def test_equals_the_formula(shape: tuple[int, ...], orthogonal: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    foreground, background = torch.randn(2, *shape, generator=generator)
    valid = torch.rand(shape[0], *shape[2:], generator=generator) < 0.7
    valid[0, 0, 0] = True
    foreground[0, :, 0, 0] *= 0  # a dead pixel counts as a similarity of zero
    expected = slow(foreground, background, valid, orthogonal)
    assert separation_loss(foreground, background, valid, orthogonal).item() == pytest.approx(expected, abs=1e-6)


def test_all_padding_is_zero() -> None:
    maps = torch.randn(2, 3, 4, 4, requires_grad=True)
    loss = separation_loss(maps, maps.detach(), torch.zeros(2, 4, 4, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert maps.grad is not None
    assert not maps.grad.any()


def test_the_gradient_reaches_both_projections_at_valid_pixels_only() -> None:
    foreground, background = torch.randn(2, 1, 3, 2, 2).unbind()
    foreground.requires_grad_()
    background.requires_grad_()
    valid = torch.tensor([[[True, False], [True, True]]])
    separation_loss(foreground, background, valid).backward()
    for maps in (foreground, background):
        assert maps.grad is not None
        touched = maps.grad.abs().sum(dim=1) > 0
        assert torch.equal(touched, valid)


def test_the_orthogonal_form_does_not_reward_opposite_directions() -> None:
    maps, valid = torch.ones(1, 2, 1, 1), torch.ones(1, 1, 1, dtype=torch.bool)
    assert separation_loss(maps, -maps, valid).item() == pytest.approx(-1)
    assert separation_loss(maps, -maps, valid, orthogonal=True).item() == pytest.approx(1)
