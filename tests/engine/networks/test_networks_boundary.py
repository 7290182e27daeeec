"""The boundary branch reads every depth of a backbone and learns, while the backbone stays as it is."""

from __future__ import annotations

import pytest
import torch

from fbr_engine.networks.backbones import BACKBONES, build_backbone
from fbr_engine.networks.boundary import BoundaryBranch, grid_of, side_features


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "tiny"])
@pytest.mark.parametrize("stride", [8, 16])
def test_each_depth_is_read_once_and_the_last_is_deep(name: str, stride: int) -> None:
    backbone = build_backbone(name, stride).eval()
    images = torch.rand(1, 3, 65, 97)
    with torch.no_grad():
        sides, features = side_features(backbone, images), backbone(images)
    assert torch.equal(sides[-1], features.deep)
    assert any(torch.equal(side, features.low) for side in sides)
    assert len({side.shape for side in sides}) == len(sides)
    assert 4 <= len(sides) <= 9
    assert name in BACKBONES


def test_it_gives_probabilities_on_the_grid() -> None:
    branch = BoundaryBranch([3, 5, 7])
    features = [torch.randn(2, 3, 33, 49), torch.randn(2, 5, 17, 25), torch.randn(2, 7, 5, 7)]
    boundary = branch(features, grid_of((65, 97)))
    assert boundary.shape == (2, 17, 25)
    assert 0 < boundary.min() <= boundary.max() < 1
    boundary.sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in branch.parameters())


def test_a_seed_gives_the_same_weights_and_leaves_the_random_numbers_of_others_alone() -> None:
    one, two = BoundaryBranch([4, 8]), BoundaryBranch([4, 8])
    before = torch.get_rng_state()
    one.reset(3)
    two.reset(3)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    two.reset(4)
    assert not torch.equal(one.head.weight, two.head.weight)
