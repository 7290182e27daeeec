"""The pair loss equals a loop over pairs, and teaches boundaries where labels change."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.affinity import IGNORED, affinity_loss
from fbr_engine.networks.affinity import line_cells, pair_affinities, pair_offsets


def slow_loss(boundary: Tensor, labels: Tensor, radius: int) -> float:
    """Go through all pairs of cells of all images."""
    costs: dict[str, list[float]] = {"background": [], "foreground": [], "different": []}
    images, height, width = labels.shape
    cells = [(y, x) for y in range(height) for x in range(width)]
    for image in range(images):
        for number, (y, x) in enumerate(cells):
            for v, u in cells[number + 1 :]:
                one, two = int(labels[image, y, x]), int(labels[image, v, u])
                if (v - y) ** 2 + (u - x) ** 2 >= radius**2 or IGNORED in (one, two):
                    continue
                steps = max(abs(v - y), abs(u - x))
                line = [(y + round((v - y) * i / steps), x + round((u - x) * i / steps)) for i in range(steps + 1)]
                affinity = 1 - max(float(boundary[image, a, b]) for a, b in line)
                if one != two:
                    costs["different"].append(-math.log(1 - affinity))
                else:
                    costs["foreground" if one else "background"].append(-math.log(affinity))
    mean = {name: sum(values) / max(1, len(values)) for name, values in costs.items()}
    return (mean["background"] + mean["foreground"]) / 4 + mean["different"] / 2


@pytest.mark.parametrize("radius", [2, 3, 5])
def test_it_equals_a_loop_over_pairs(radius: int) -> None:
    generator = torch.Generator().manual_seed(radius)
    boundary = torch.rand(2, 5, 6, generator=generator) * 0.9 + 0.05
    labels = torch.tensor([0, 1, 2, IGNORED])[torch.randint(0, 4, (2, 5, 6), generator=generator)]
    assert affinity_loss(boundary, labels, radius).item() == pytest.approx(
        slow_loss(boundary, labels, radius), rel=1e-5
    )


def test_a_kind_that_does_not_occur_costs_nothing() -> None:
    boundary = torch.full((1, 4, 4), 0.5)
    assert affinity_loss(boundary, torch.full((1, 4, 4), IGNORED), 3).item() == 0
    background = affinity_loss(boundary, torch.zeros(1, 4, 4, dtype=torch.long), 3)
    assert background.item() == pytest.approx(-math.log(0.5) / 4)


def test_it_teaches_a_boundary_where_the_labels_change() -> None:
    logits = torch.zeros(1, 6, 12, requires_grad=True)
    labels = torch.zeros(1, 6, 12, dtype=torch.uint8)
    labels[:, :, :5], labels[:, :, 5:7] = 1, IGNORED
    for _ in range(60):
        (gradient,) = torch.autograd.grad(affinity_loss(logits.sigmoid(), labels, 5), logits)
        logits = (logits - 20 * gradient).detach().requires_grad_()
    boundary = logits.sigmoid()[0]
    assert boundary[:, 5:7].amax(dim=1).min() > 0.8
    assert boundary[:, :4].max() < 0.5
    assert boundary[:, 8:].max() < 0.5


def test_extreme_boundaries_give_finite_gradients() -> None:
    boundary = torch.tensor([[[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]], requires_grad=True)
    labels = torch.tensor([[[0, 0, 1], [1, 1, 0]]])
    loss = affinity_loss(boundary, labels, 3)
    (gradient,) = torch.autograd.grad(loss, boundary)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


def test_every_pair_within_reach_comes_once() -> None:
    offsets = pair_offsets(3)
    both = set(offsets) | {(-y, -x) for y, x in offsets}
    assert len(both) == 2 * len(offsets)
    assert both == {(y, x) for y in range(-3, 4) for x in range(-3, 4) if 0 < y * y + x * x < 9}
    assert all(line_cells(o)[0] == (0, 0) and line_cells(o)[-1] == o for o in offsets)


def test_pairs_that_leave_the_image_have_no_affinity() -> None:
    planes = dict(zip(pair_offsets(2), pair_affinities(torch.zeros(1, 3, 3), 2)[0], strict=True))
    assert planes[0, 1].tolist() == [[1, 1, 0]] * 3
    assert planes[1, -1].tolist() == [[0, 1, 1], [0, 1, 1], [0, 0, 0]]
