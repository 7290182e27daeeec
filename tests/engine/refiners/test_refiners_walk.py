"""The random walk equals the power of a matrix written out cell by cell; boundaries hold it up."""

from __future__ import annotations

import time

import pytest
import torch
from torch import Tensor

from fbr_engine.networks.backbones import build_backbone
from fbr_engine.networks.boundary import BoundaryBranch
from fbr_engine.refiners.learnt_walk import LearntWalk
from fbr_engine.refiners.walk import WalkOptions, random_walk, walked_scores


def slow_matrix(boundary: Tensor, radius: int, sharpness: float) -> Tensor:
    """Build D^-1 A, N x N, pair by pair."""
    height, width = boundary.shape
    affinity = torch.eye(height * width, dtype=torch.float64)
    for y in range(height):
        for x in range(width):
            for v in range(height):
                for u in range(width):
                    dy, dx = v - y, u - x
                    if (dy, dx) <= (0, 0) or dy * dy + dx * dx >= radius**2:
                        continue
                    steps = max(abs(dy), abs(dx))
                    line = [boundary[y + round(dy * i / steps), x + round(dx * i / steps)] for i in range(steps + 1)]
                    value = (1 - max(float(b) for b in line)) ** sharpness
                    affinity[y * width + x, v * width + u] = value
                    affinity[v * width + u, y * width + x] = value
    return affinity / affinity.sum(dim=1, keepdim=True)


@pytest.mark.parametrize("size", [(6, 7), (1, 9), (9, 1), (2, 3), (1, 1)])
@pytest.mark.parametrize("radius", [2, 4])
def test_it_equals_the_power_of_the_whole_matrix(size: tuple[int, int], radius: int) -> None:
    generator = torch.Generator().manual_seed(radius)
    boundary = torch.rand(size, generator=generator).double()
    scores = torch.rand(3, *size, generator=generator).double()
    walked = random_walk(boundary, scores, WalkOptions(radius, sharpness=2.0, steps=5))
    power = torch.linalg.matrix_power(slow_matrix(boundary, radius, 2.0), 5)
    assert torch.allclose(walked, (power @ scores.flatten(1).T).T.view_as(scores))


def test_no_step_changes_nothing_and_a_constant_stays() -> None:
    boundary, scores = torch.rand(5, 6), torch.rand(2, 5, 6)
    assert torch.equal(random_walk(boundary, scores, WalkOptions(steps=0)), scores)
    constant = torch.full((1, 5, 6), 0.3, dtype=torch.float64)
    assert torch.allclose(random_walk(boundary.double(), constant, WalkOptions(steps=20)), constant)


def test_scores_spread_to_the_boundary_and_not_beyond() -> None:
    boundary = torch.zeros(12, 20)
    boundary[:, 10] = 1.0
    scores = torch.zeros(2, 12, 20)
    scores[0] = 0.4
    scores[1, 4:8, 2:6] = 1.0
    walked = walked_scores(boundary, scores, WalkOptions(steps=200))
    assert walked[1, :, :10].min() > 0.9
    assert walked[1, :, 10:].max() == 0
    assert walked[1].max() == pytest.approx(1.0)


def test_the_background_stays_and_each_class_keeps_its_peak() -> None:
    boundary = torch.rand(8, 8) * 0.5
    scores = torch.cat([torch.full((1, 8, 8), 0.4), torch.rand(3, 8, 8) * torch.tensor([1.0, 0.5, 0.0])[:, None, None]])
    options = WalkOptions()
    walked = walked_scores(boundary, scores, options)
    assert torch.allclose(walked[0], scores[0] ** options.background)
    assert torch.allclose(walked[1:].amax(dim=(1, 2)), scores[1:].amax(dim=(1, 2)))
    assert walked[3].max() == 0
    assert walked_scores(boundary, scores[:1], options).shape == (1, 8, 8)


@pytest.mark.parametrize("size", [(40, 70), (9, 200), (1, 1)])
def test_photos_of_any_size_come_back_in_their_size(size: tuple[int, int]) -> None:
    backbone = build_backbone("tiny", 16).eval()
    walk = LearntWalk(backbone, BoundaryBranch([16, 32, 64, 128]).eval(), 65.0, WalkOptions(steps=4))
    refined = walk(torch.rand(3, *size), torch.rand(3, *size))
    assert refined.shape == (3, *size)
    assert torch.isfinite(refined).all()


def test_a_photo_takes_less_than_a_second() -> None:
    boundary, scores = torch.rand(60, 81), torch.rand(4, 60, 81)
    began = time.process_time()
    walked_scores(boundary, scores, WalkOptions())
    assert time.process_time() - began < 1
