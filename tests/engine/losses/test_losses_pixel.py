"""AMN's loss on single pixels against a plain loop over the pixels of the labels."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.pixel import label_counts, pixel_loss


def slow_loss(logits: Tensor, labels: Tensor) -> float:
    """Judge every labelled pixel by the logits of the nearest point of the corner-aligned grid."""
    outputs, height, width = logits.shape[1:]
    sides: dict[bool, list[float]] = {False: [], True: []}
    for b in range(len(labels)):
        for y in range(labels.shape[1]):
            for x in range(labels.shape[2]):
                label = labels[b, y, x].item()
                if label == 255:
                    continue
                row = round(y / (labels.shape[1] - 1) * (height - 1))
                column = round(x / (labels.shape[2] - 1) * (width - 1))
                values = [logits[b, k, row, column].item() for k in range(outputs)]
                total = math.log(sum(math.exp(value) for value in values))
                cost = 0.0
                for k in range(outputs):
                    wanted = 0.4 / outputs + (0.6 if k == label else 0)
                    cost -= wanted * (values[k] - total)
                sides[label > 0].append(cost)
    return sum(sum(side) / len(side) if side else 0.0 for side in sides.values()) / 2


def example(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 5, (3, 17, 13), generator=generator)
    labels[labels == 4] = 255
    labels[2] = 255
    return 2 * torch.randn(3, 4, 5, 4, generator=generator), labels


@pytest.mark.parametrize("seed", range(3))
def test_equals_a_plain_loop(seed: int) -> None:
    logits, labels = example(seed)
    loss = pixel_loss(logits, label_counts(labels, 3, (5, 4)))
    assert loss.item() == pytest.approx(slow_loss(logits, labels), abs=1e-5)


def test_counts_hold_every_known_pixel_once() -> None:
    _, labels = example(0)
    counts = label_counts(labels, 3, (5, 4))
    assert counts.shape == (3, 4, 5, 4)
    for b in range(3):
        for label in range(4):
            assert counts[b, label].sum().item() == (labels[b] == label).sum().item()
    corner = torch.zeros(1, 65, 65, dtype=torch.long)
    corner[0, 0, 0] = 2
    corner[0, 64, 64] = 1
    counts = label_counts(corner, 2, (5, 5))
    assert counts[0, 2].nonzero().tolist() == [[0, 0]]
    assert counts[0, 1].nonzero().tolist() == [[4, 4]]


def test_foreground_weighs_as_much_as_background_however_small_it_is() -> None:
    logits = torch.zeros(1, 2, 5, 5, requires_grad=True)
    labels = torch.zeros(1, 5, 5, dtype=torch.long)
    labels[0, 2, 2] = 1
    pixel_loss(logits, label_counts(labels, 1, (5, 5))).backward()
    assert logits.grad is not None
    on_object = logits.grad[0, 1, 2, 2].abs().item()
    elsewhere = (logits.grad[0, 1].abs().sum() - on_object).item()
    assert on_object == pytest.approx(elsewhere, rel=1e-5)


def test_smoothed_labels_are_met_by_moderate_logits() -> None:
    """The least loss is where the probability is what the smoothed label says: 0.8 of two outputs."""
    labels = torch.ones(1, 3, 3, dtype=torch.long)
    counts = label_counts(labels, 1, (3, 3))
    losses = {gap: pixel_loss(torch.tensor([0.0, gap]).view(1, 2, 1, 1).expand(1, 2, 3, 3), counts) for gap in range(9)}
    best = math.log(0.8 / 0.2)
    assert min(losses, key=lambda gap: losses[gap].item()) == round(best)


def test_without_labels_nothing_is_learnt() -> None:
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    loss = pixel_loss(logits, label_counts(torch.full((2, 9, 9), 255), 2, (4, 4)))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()
