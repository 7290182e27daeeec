"""PPC's contrast and its two minings against plainly written loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.pixel_prototype import (
    hard_pixels,
    has_prototype,
    pixel_prototype_loss,
    semi_hard_prototypes,
    similarities,
)

PIXELS, CLASSES, DIMS = 60, 6, 5


@pytest.fixture
def pixels() -> Tensor:
    return torch.randn(PIXELS, DIMS, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def prototypes() -> Tensor:
    return torch.randn(CLASSES, DIMS, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def labels() -> Tensor:
    return torch.randint(-1, CLASSES, (PIXELS,), generator=torch.Generator().manual_seed(2))


PRESENT = torch.tensor([True, True, False, True, True, True])


def cosine(a: Tensor, b: Tensor) -> float:
    return float(a @ b) / (float(a.norm()) * float(b.norm()))


def by_loop(pixels: Tensor, labels: Tensor, prototypes: Tensor, negatives: Tensor | None = None) -> float:
    found = []
    for i in range(len(pixels)):
        own = int(labels[i])
        if own < 0 or not PRESENT[own]:
            continue
        others = [k for k in range(CLASSES) if k != own and PRESENT[k] and (negatives is None or negatives[i, k])]
        positive = math.exp(cosine(pixels[i], prototypes[own]) / 0.1)
        total = positive + sum(math.exp(cosine(pixels[i], prototypes[k]) / 0.1) for k in others)
        found.append(-math.log(positive / total))
    return sum(found) / len(found)


def test_the_loss_equals_a_loop(pixels: Tensor, labels: Tensor, prototypes: Tensor) -> None:
    loss = pixel_prototype_loss(pixels, labels, prototypes, PRESENT)
    assert loss.item() == pytest.approx(by_loop(pixels, labels, prototypes), rel=1e-4)
    negatives = torch.rand(PIXELS, CLASSES, generator=torch.Generator().manual_seed(3)) < 0.5
    loss = pixel_prototype_loss(pixels, labels, prototypes, PRESENT, negatives)
    assert loss.item() == pytest.approx(by_loop(pixels, labels, prototypes, negatives), rel=1e-4)


def test_only_pixels_with_a_prototype_are_taught(pixels: Tensor, labels: Tensor, prototypes: Tensor) -> None:
    pixels.requires_grad_()
    prototypes.requires_grad_()
    pixel_prototype_loss(pixels, labels, prototypes, PRESENT).backward()
    assert prototypes.grad is None
    assert pixels.grad is not None
    assert torch.equal(pixels.grad.any(dim=1), has_prototype(labels, PRESENT))
    step = pixels.detach() - pixels.grad
    before, after = (pixel_prototype_loss(x, labels, prototypes, PRESENT) for x in (pixels, step))
    assert after < before


def test_without_pixels_the_loss_and_its_gradient_are_zero(pixels: Tensor, prototypes: Tensor) -> None:
    pixels.requires_grad_()
    loss = pixel_prototype_loss(pixels, torch.full((PIXELS,), -1), prototypes, PRESENT)
    loss.backward()
    assert loss.item() == 0
    assert pixels.grad is not None
    assert not pixels.grad.any()


def test_half_of_each_class_is_taken_and_the_hardest_quarter_always(
    pixels: Tensor, labels: Tensor, prototypes: Tensor
) -> None:
    similarity = similarities(pixels, prototypes)
    taken = [hard_pixels(similarity, labels, torch.Generator().manual_seed(s)) for s in range(8)]
    always, ever = torch.stack(taken).all(dim=0), torch.stack(taken).any(dim=0)
    assert not ever[labels < 0].any()
    for c in range(CLASSES):
        own = [i for i in range(PIXELS) if labels[i] == c]
        hardest = sorted(own, key=lambda i: similarity[i, c].item())
        count = math.ceil(len(own) / 2)
        assert all(int(t[labels == c].sum()) == count for t in taken)
        assert all(always[i] for i in hardest[: math.ceil(count / 2)])
        assert ever[labels == c].sum() > count  # the other half is drawn


def test_semi_hard_negatives_are_half_of_the_nearer_ones(pixels: Tensor, labels: Tensor, prototypes: Tensor) -> None:
    similarity = similarities(pixels, prototypes)
    drawn = [semi_hard_prototypes(similarity, labels, PRESENT, torch.Generator().manual_seed(s)) for s in range(12)]
    ever = torch.stack(drawn).any(dim=0)
    for i in range(PIXELS):
        own = max(0, int(labels[i]))
        others = [k for k in range(CLASSES) if k != own and PRESENT[k]]
        near = sorted(others, key=lambda k: -similarity[i, k].item())[: math.ceil(0.6 * len(others))]
        assert {k for k in range(CLASSES) if ever[i, k]} <= set(near)
        assert all(int(d[i].sum()) == math.ceil(len(near) / 2) for d in drawn)
    assert ever.sum() > drawn[0].sum()


def test_a_class_alone_has_no_negatives() -> None:
    present = torch.tensor([False, True])
    similarity = torch.rand(3, 2)
    assert not semi_hard_prototypes(similarity, torch.tensor([1, 1, -1]), present)[:2].any()
    assert pixel_prototype_loss(torch.randn(2, 4), torch.tensor([1, 1]), torch.randn(2, 4), present).item() == 0
