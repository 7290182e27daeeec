"""SEAM's three losses against plainly written loops, and where their gradients go."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.correction import correction_loss, one_hot_cam, with_background
from fbr_engine.losses.equivariance import equivariance_loss
from fbr_engine.losses.hardest import mean_of_highest
from fbr_engine.losses.min_pooling import min_pooling_loss

SHAPE = (4, 3, 4, 5)
TAGS = torch.tensor([[1, 0, 1], [0, 1, -1], [-1, -1, 0], [1, 1, 1]], dtype=torch.int8)


def cams(seed: int) -> Tensor:
    """A CAM that is zero where it is not tagged, as the hosts' are."""
    made = torch.rand(SHAPE, generator=torch.Generator().manual_seed(seed))
    return made * (TAGS == 1)[:, :, None, None]


@pytest.fixture
def valid() -> Tensor:
    made = torch.rand(4, 4, 5, generator=torch.Generator().manual_seed(9)) < 0.7
    made[3] = False
    return made


def pixels(valid: Tensor, b: int) -> list[tuple[int, int]]:
    return [(y, x) for y in range(4) for x in range(5) if valid[b, y, x]]


def share_of(values: list[float], share: float) -> float:
    """The mean of the first ``share`` of sorted values."""
    count = max(1, math.ceil(len(values) * share - 1e-6))
    return sum(values[:count]) / count


def test_equivariance_equals_a_loop(valid: Tensor) -> None:
    one, other = cams(0), cams(1)
    found = [
        abs(one[b, c, y, x] - other[b, c, y, x]).item()
        for b in range(4)
        for c in range(3)
        if TAGS[b, c] == 1
        for y, x in pixels(valid, b)
    ]
    assert equivariance_loss(one, other, TAGS, valid).item() == pytest.approx(sum(found) / len(found), abs=1e-6)


def test_equivariance_teaches_both_views_where_a_class_is_tagged(valid: Tensor) -> None:
    one, other = (torch.rand(SHAPE).requires_grad_() for _ in range(2))
    equivariance_loss(one, other, TAGS, valid).backward()
    expected = (TAGS == 1)[:, :, None, None] & valid.unsqueeze(1)
    for grad in (one.grad, other.grad):
        assert torch.equal(grad != 0, expected)
    assert equivariance_loss(one, one, TAGS, valid).item() == 0
    assert equivariance_loss(one, other, torch.zeros_like(TAGS), valid).item() == 0


def test_the_mean_of_the_highest_equals_a_loop() -> None:
    values = torch.randn(5, 11, generator=torch.Generator().manual_seed(0))
    part = torch.rand(5, 11, generator=torch.Generator().manual_seed(1)) < 0.6
    part[2] = False
    for share in (0.01, 0.2, 0.5, 1.0):
        rows = [
            sorted((v.item() for v, p in zip(values[i], part[i], strict=True) if p), reverse=True) for i in range(5)
        ]
        means = [share_of(row, share) for row in rows if row]
        assert mean_of_highest(values, part, share).item() == pytest.approx(sum(means) / len(means), abs=1e-6)
    assert mean_of_highest(values, torch.zeros_like(part), 0.2).item() == 0


def test_correction_equals_a_loop(valid: Tensor) -> None:
    cam, corrected = cams(0), cams(1)
    means = []
    for b in range(4):
        if not (TAGS[b] == 1).any():
            continue
        found = []
        for y, x in pixels(valid, b):
            plain = [1 - max(cam[b, :, y, x].tolist()), *cam[b, :, y, x].tolist()]
            fixed = [1 - max(corrected[b, :, y, x].tolist()), *corrected[b, :, y, x].tolist()]
            for k in range(4):
                if k == 0 or TAGS[b, k - 1] == 1:
                    hot = plain[k] if plain[k] == max(plain) else 0.0
                    found.append(abs(hot - fixed[k]))
        if found:
            means.append(share_of(sorted(found, reverse=True), 0.2))
    assert correction_loss(cam, corrected, TAGS, valid).item() == pytest.approx(sum(means) / len(means), abs=1e-6)


def test_correction_teaches_both_and_the_plain_one_only_where_it_is_highest() -> None:
    cam, corrected = cams(0).requires_grad_(), cams(1).requires_grad_()
    hot = one_hot_cam(with_background(cam))
    assert ((hot > 0).sum(dim=1) <= 1).all()
    assert torch.equal(hot.amax(dim=1), with_background(cam).amax(dim=1))
    correction_loss(cam, corrected, TAGS, torch.ones(4, 4, 5, dtype=torch.bool)).backward()
    assert cam.grad is not None
    assert corrected.grad is not None
    assert cam.grad[0].any()
    assert corrected.grad[0].any()
    # Image 2 has no known class, and nothing is learnt from it.
    assert not cam.grad[2].any()
    lower = cam < cam.amax(dim=1, keepdim=True)
    assert not cam.grad[lower].any()


def test_min_pooling_equals_a_loop(valid: Tensor) -> None:
    cam = cams(0)
    means = []
    for b in range(4):
        tagged = [c for c in range(3) if TAGS[b, c] == 1]
        found = sorted(max(cam[b, c, y, x].item() for c in tagged) for y, x in pixels(valid, b)) if tagged else []
        if found:
            means.append(share_of(found, 0.25))
    assert min_pooling_loss(cam, TAGS, valid).item() == pytest.approx(sum(means) / len(means), abs=1e-6)


def test_min_pooling_pushes_the_lowest_pixels_down(valid: Tensor) -> None:
    cam = cams(0).requires_grad_()
    min_pooling_loss(cam, TAGS, torch.ones(4, 4, 5, dtype=torch.bool)).backward()
    assert cam.grad is not None
    highest = cam.amax(dim=1)
    touched = cam.grad.any(dim=1)
    for b in (0, 1, 3):
        assert touched[b].sum() == 5
        assert highest[b][touched[b]].max() <= highest[b][~touched[b]].min()
    assert (cam.grad >= 0).all()
