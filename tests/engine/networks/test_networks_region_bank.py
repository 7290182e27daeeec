"""CAMs verified by regions: the posterior and the choice of negatives against plain loops, and the failure they end."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.networks.region_bank import ODDS, TEMPERATURE, VERIFIED, RegionBank, negatives_among, posterior


def units(count: int, dims: int = 6) -> Tensor:
    return F.normalize(torch.randn(count, dims), dim=1)


def bank_of(foreground: Tensor, foreground_class: Tensor, nrois: Tensor, negative: Tensor) -> RegionBank:
    dims = foreground.shape[1]
    return RegionBank(torch.zeros(dims), torch.eye(dims), foreground, foreground_class, nrois, negative)


def random_bank(seed: int, classes: int = 3) -> RegionBank:
    torch.manual_seed(seed)
    owner = F.one_hot(torch.arange(12) % classes, classes).float()
    return RegionBank(
        torch.randn(9), torch.randn(9, 6), units(12), owner, units(20), (torch.rand(20, classes) < 0.5) * 1.0
    )


def mean_likeness(point: Tensor, regions: Tensor, chosen: Tensor) -> float:
    likeness = [
        math.exp((float(point @ r) - 1) / TEMPERATURE) for r, c in zip(regions, chosen.tolist(), strict=True) if c
    ]
    return sum(likeness) / len(likeness) if likeness else 0.0


@pytest.mark.parametrize("seed", range(3))
def test_the_posterior_is_that_of_a_plain_loop(seed: int) -> None:
    bank = random_bank(seed)
    features = torch.randn(2, 9, 3, 4)
    found = bank.posterior(features)
    assert found.shape == (2, 3, 3, 4)
    assert (found >= 0).all()
    assert (found <= 1).all()
    for image in range(2):
        for y in range(3):
            for x in range(4):
                point = (features[image, :, y, x] - bank.mean) @ bank.basis
                point = point / point.norm()
                for c in range(3):
                    ours = mean_likeness(point, bank.foreground, bank.foreground_class[:, c])
                    theirs = mean_likeness(point, bank.nrois, bank.negative[:, c])
                    expected = ours / (ours + ODDS * theirs)
                    assert float(found[image, c, y, x]) == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_the_comparison_space_holds_unit_vectors_in_the_order_of_pixels() -> None:
    bank = random_bank(0)
    features = torch.randn(2, 9, 3, 4)
    points = bank.embed(features)
    assert points.shape == (2, 12, 6)
    torch.testing.assert_close(points.norm(dim=2), torch.ones(2, 12))
    alone = bank.embed(features[1:, :, 2:, 3:])
    torch.testing.assert_close(points[1, 2 * 4 + 3], alone[0, 0])


def test_a_class_is_known_with_regions_on_both_sides() -> None:
    torch.manual_seed(0)
    owner = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0]])
    negative = torch.tensor([[1.0, 0, 1, 0], [1, 0, 0, 0]])
    bank = bank_of(units(2), owner, units(2), negative)
    assert bank.known.tolist() == [True, False, False, False]
    p = bank.posterior(torch.randn(1, 6, 5, 5))[0]
    assert p.isfinite().all()
    assert (p[1] == 1).all()  # nothing speaks against it, nothing for the next two
    assert (p[2:] == 0).all()


def test_an_empty_bank_knows_nothing() -> None:
    empty = torch.zeros(0, 6)
    bank = bank_of(empty, torch.zeros(0, 2), empty, torch.zeros(0, 2))
    assert bank.known.tolist() == [False, False]
    assert bank.posterior(torch.randn(1, 6, 2, 2)).tolist() == torch.zeros(1, 2, 2, 2).tolist()


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e15])
def test_what_is_far_from_everything_has_a_number_all_the_same(scale: float) -> None:
    """The likeness of opposite points is e^-40; a feature that equals the mean has no direction."""
    ahead = torch.tensor([[1.0, 0, 0]])
    bank = bank_of(ahead, torch.ones(1, 1), ahead, torch.ones(1, 1))
    p = bank.posterior(-scale * ahead.T[None, :, :, None])
    assert float(p) == pytest.approx(1 / (1 + ODDS), rel=1e-4)
    nearer = F.normalize(torch.tensor([[-0.5, 1.0, 0]]), dim=1)
    bank = bank_of(ahead, torch.ones(1, 1), nearer, torch.ones(1, 1))
    assert float(bank.posterior(torch.tensor([-1.0, 0, 0])[None, :, None, None])) < 1e-6


def test_the_bank_moves_as_a_whole() -> None:
    bank = random_bank(0)
    assert sorted(bank.tensors()) == ["basis", "foreground", "foreground_class", "mean", "negative", "nrois"]
    moved = bank.to(torch.device("meta"))
    assert all(t.device.type == "meta" for t in moved.tensors().values())


def plain_negatives(
    nrois: Tensor, image: list[int], tags: Tensor, foreground: Tensor, owner: Tensor, foreground_image: list[int]
) -> list[list[float]]:
    """Return N x C: safe, or verified against the regions of other images."""
    rows = []
    for n in range(len(nrois)):
        row = []
        for c in range(tags.shape[1]):
            if tags[n, c] == 0:
                row.append(1.0)
                continue
            safe = (tags[:, c] == 0).tolist()
            if not any(safe):
                row.append(1.0)
                continue
            others = torch.tensor([i != image[n] for i in foreground_image])
            apart = torch.tensor([i != image[n] and s for i, s in zip(image, safe, strict=True)])
            ours = mean_likeness(nrois[n], foreground, others & (owner[:, c] == 1))
            theirs = mean_likeness(nrois[n], nrois, apart)
            p = ours / (ours + ODDS * theirs) if ours else 0.0
            row.append(float(p < VERIFIED))
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", range(6))
def test_negatives_are_those_of_a_plain_loop(seed: int) -> None:
    torch.manual_seed(seed)
    nrois, foreground = units(40, 3), units(15, 3)
    image, foreground_image = torch.arange(40) // 4, torch.arange(15) % 12
    tags = torch.randint(-1, 2, (10, 4), dtype=torch.int8)[image]
    tags[:, 3] = seed % 2 * 2 - 1  # nothing is safe: shown by all, or known of none
    owner = F.one_hot(torch.arange(15) % 4, 4).float()
    found = negatives_among(nrois, image, tags, foreground, owner, foreground_image)
    expected = plain_negatives(nrois, image.tolist(), tags, foreground, owner, foreground_image.tolist())
    assert found.tolist() == expected
    assert found[:, 3].all()
    assert 0 < float(found[:, :3].mean()) < 1


SHEEP, GRASS, SKY = torch.eye(3)


def negative_of(kind: Tensor, tag: int, *, image: int = 9, other: int = 1) -> bool:
    """Whether an NROI is a negative for sheep, beside grass of an image without them and a sheep of image ``other``."""
    nrois, tags = torch.stack([GRASS, kind]), torch.tensor([[0], [tag]], dtype=torch.int8)
    images = torch.tensor([5, image])
    chosen = negatives_among(nrois, images, tags, SHEEP[None], torch.ones(1, 1), torch.tensor([other]))
    assert chosen[0, 0] == 1
    return bool(chosen[1, 0])


@pytest.mark.parametrize("tag", [1, -1])
def test_a_missed_part_of_the_object_is_no_negative_and_grass_is(tag: int) -> None:
    """An unknown tag is treated as if the object may be there."""
    assert not negative_of(SHEEP, tag)
    assert negative_of(GRASS, tag)
    assert negative_of(SHEEP, 0)  # its image shows no sheep, whatever this looks like


def test_regions_of_the_same_image_are_no_witnesses() -> None:
    likely = F.normalize(SHEEP + 0.7 * GRASS, dim=0)
    assert not negative_of(likely, 1)
    assert negative_of(likely, 1, other=9)  # the only sheep is its own image's


def test_a_halo_on_grass_falls_and_the_sheep_stays() -> None:
    """The co-occurring failure: in every image with sheep the CAM covers grass too, so half its regions are grass."""
    torch.manual_seed(0)

    def drawn(kind: Tensor, count: int) -> Tensor:
        return F.normalize(kind + 0.1 * torch.randn(count, 3), dim=1)

    foreground = torch.cat([drawn(SHEEP, 8), drawn(GRASS, 8)])
    foreground_image = torch.arange(8).repeat(2)
    nrois = torch.cat([drawn(SKY, 8), drawn(SHEEP, 4), drawn(GRASS, 12), drawn(SKY, 12)])
    nroi_image = torch.cat([torch.arange(8), torch.arange(4), torch.arange(8, 20), torch.arange(8, 20)])
    tags = (nroi_image < 8).to(torch.int8)[:, None]
    owner = torch.ones(16, 1)
    negative = negatives_among(nrois, nroi_image, tags, foreground, owner, foreground_image)
    assert negative[8:12].sum() == 0  # missed sheep
    assert negative[12:].all()
    p = posterior(torch.stack([SHEEP, GRASS, SKY]), foreground, owner, nrois, negative)[:, 0]
    assert p[0] > 0.9
    assert p[1] < 0.5
    assert p[2] < 0.1
