"""What both contrasts share, against the formula; the anchors alone are trained."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.info_nce import info_nce
from fbr_engine.losses.own_keys import Negatives


def cosine(a: list[float], b: list[float]) -> float:
    norms = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / norms if norms else 0.0


def slow(
    anchors: Tensor, classes: Tensor, prototypes: Tensor, negatives: dict[int, Tensor], temperature: float
) -> float:
    terms = []
    for anchor, index in zip(anchors.tolist(), classes.tolist(), strict=True):
        if index not in negatives:
            continue
        positive = math.exp(cosine(anchor, prototypes[index].tolist()) / temperature)
        total = positive
        for negative in negatives[index].tolist():
            total += math.exp(cosine(anchor, negative) / temperature)
        terms.append(-math.log(positive / total))
    return sum(terms) / len(terms) if terms else 0.0


def as_negatives(rows: dict[int, Tensor], classes: int) -> Negatives:
    """Stack the rows; those of a class without are anything, since they must not matter."""
    like = next(iter(rows.values()))
    stacked = [rows.get(c, torch.full_like(like, 7.0)) for c in range(classes)]
    return Negatives(torch.stack(stacked), torch.tensor([c in rows for c in range(classes)]))


def problem(seed: int) -> tuple[Tensor, Tensor, Tensor, dict[int, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    anchors = torch.randn(12, 6, generator=generator)
    classes = torch.randint(0, 4, (12,), generator=generator)
    prototypes = torch.randn(4, 6, generator=generator)
    negatives = {c: torch.randn(5, 6, generator=generator) for c in (0, 2, 3)}
    return anchors, classes, prototypes, negatives


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_formula(seed: int, temperature: float) -> None:
    anchors, classes, prototypes, negatives = problem(seed)
    result = info_nce(anchors, classes, prototypes, as_negatives(negatives, 4), temperature)
    assert result.item() == pytest.approx(slow(anchors, classes, prototypes, negatives, temperature), rel=1e-5)


def test_there_is_one_logit_for_the_positive_and_one_per_negative() -> None:
    """The published code compares along the key axis and gets D logits; the floor tells the difference."""
    anchor = torch.tensor([[1.0, 0, 0, 0]])
    negatives = torch.tensor([[0.0, 1, 0, 0]]).repeat(256, 1)
    loss = info_nce(anchor, torch.tensor([0]), anchor, as_negatives({0: negatives}, 1), 0.5)
    assert loss.item() == pytest.approx(math.log(1 + 256 * math.exp(-2)), rel=1e-5)


def test_the_gradient_reaches_the_anchors_and_nothing_else() -> None:
    anchors, classes, prototypes, negatives = problem(0)
    inputs = [anchors, prototypes, *negatives.values()]
    for tensor in inputs:
        tensor.requires_grad_()
    info_nce(anchors, classes, prototypes, as_negatives(negatives, 4), 0.5).backward()
    assert anchors.grad is not None
    takes_part = torch.tensor([c in negatives for c in classes.tolist()])
    assert torch.equal(anchors.grad.abs().sum(dim=1) > 0, takes_part)
    assert all(tensor.grad is None for tensor in inputs[1:])


def test_one_step_brings_anchors_nearer_to_their_prototype_and_away_from_negatives() -> None:
    anchors, classes, prototypes, _ = problem(1)
    negatives = {c: torch.randn(1, 6).repeat(3, 1) for c in range(4)}
    anchors.requires_grad_()
    info_nce(anchors, classes, prototypes, as_negatives(negatives, 4), 0.5).backward()
    assert anchors.grad is not None
    moved = (anchors - anchors.grad).detach()
    for before, after, c in zip(anchors.tolist(), moved.tolist(), classes.tolist(), strict=True):
        goal, other = prototypes[c].tolist(), negatives[c][0].tolist()
        assert cosine(after, goal) - cosine(after, other) > cosine(before, goal) - cosine(before, other)


@pytest.mark.parametrize("count", [0, 3])
def test_without_anchors_or_negatives_it_is_zero_with_a_zero_gradient(count: int) -> None:
    anchors = torch.randn(count, 4, requires_grad=True)
    negatives = Negatives(torch.randn(1, 2, 4), torch.tensor([count == 0]))
    loss = info_nce(anchors, torch.zeros(count, dtype=torch.int64), torch.randn(1, 4), negatives, 0.5)
    loss.backward()
    assert loss.item() == 0
    assert anchors.grad is not None
    assert not anchors.grad.any()


def test_a_dead_anchor_stays_finite() -> None:
    anchors = torch.zeros(1, 4, requires_grad=True)
    loss = info_nce(anchors, torch.tensor([0]), torch.ones(1, 4), as_negatives({0: -torch.ones(2, 4)}, 1), 0.5)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3))
    assert anchors.grad is not None
    assert anchors.grad.isfinite().all()
