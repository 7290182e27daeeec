"""The lattice against one that is walked point by point with a dictionary of corners, and against the Gaussian."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.refiners.permutohedral import PermutohedralLattice

Corner = tuple[int, ...]


def corners_of(point: list[float]) -> list[tuple[Corner, float]]:
    """Return the d + 1 corners around a point, with its barycentric coordinates."""
    d = len(point)
    scaled = [x * (d + 1) * math.sqrt(2 / 3) / math.sqrt((i + 1) * (i + 2)) for i, x in enumerate(point)]
    place = [0.0] * (d + 1)
    for i, x in enumerate(scaled):
        for j in range(i + 1):
            place[j] += x
        place[i + 1] -= (i + 1) * x
    nearest = [round(x / (d + 1)) * (d + 1) for x in place]
    surplus = sum(nearest) // (d + 1)
    by_distance = sorted(range(d + 1), key=lambda i: nearest[i] - place[i])
    for i in by_distance[d + 1 - surplus :] if surplus > 0 else by_distance[: max(0, -surplus)]:
        nearest[i] -= (d + 1) * (1 if surplus > 0 else -1)
    by_distance = sorted(range(d + 1), key=lambda i: nearest[i] - place[i])
    offsets = [(place[i] - nearest[i]) / (d + 1) for i in by_distance]
    found = []
    for remainder in range(d + 1):
        lowered = by_distance[d + 1 - remainder :]
        corner = tuple(nearest[i] + remainder - (d + 1) * (i in lowered) for i in range(d + 1))
        found.append((corner, offsets[d - remainder] - offsets[d + 1 - remainder] if remainder else 0.0))
    found[0] = (found[0][0], 1 - offsets[0] + offsets[d])
    return found


def slow(features: Tensor, values: Tensor) -> Tensor:
    points, d = features.shape
    around = [corners_of(features[n].tolist()) for n in range(points)]
    table: dict[Corner, list[float]] = {}
    for n in range(points):
        for corner, share in around[n]:
            held = table.setdefault(corner, [0.0] * values.shape[1])
            for k, value in enumerate(values[n].tolist()):
                held[k] += share * value
    nothing = [0.0] * values.shape[1]
    for axis in range(d + 1):
        blurred = {}
        for corner, held in table.items():
            ahead = tuple(c - d if i == axis else c + 1 for i, c in enumerate(corner))
            behind = tuple(c + d if i == axis else c - 1 for i, c in enumerate(corner))
            sides = zip(table.get(ahead, nothing), table.get(behind, nothing), strict=True)
            blurred[corner] = [h + 0.5 * (a + b) for h, (a, b) in zip(held, sides, strict=True)]
        table = blurred
    scale = math.sqrt(2 * math.pi / 1.5) ** d * math.sqrt(d + 1) / 2 ** (d + 1)
    result = torch.zeros(values.shape, dtype=torch.float64)
    for n in range(points):
        for corner, share in around[n]:
            for k, held_value in enumerate(table[corner]):
                result[n, k] += scale * share * held_value
    return result


def exact(features: Tensor, values: Tensor) -> Tensor:
    weights = (-0.5 * torch.cdist(features.double(), features.double()).square()).exp()
    return weights @ values.double()


@pytest.mark.parametrize("dims", [1, 2, 3, 5])
@pytest.mark.parametrize("spread", [0.3, 2.0, 40.0])
def test_equals_the_loop(dims: int, spread: float) -> None:
    generator = torch.Generator().manual_seed(dims)
    features = spread * torch.randn(150, dims, generator=generator)
    values = torch.rand(150, 2, generator=generator)
    result = PermutohedralLattice(features).filter(values)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result.double(), slow(features, values), rtol=1e-5, atol=1e-5)


def test_shares_sum_to_one_and_are_never_negative() -> None:
    for point in (10 * torch.randn(200, 5, generator=torch.Generator().manual_seed(0))).tolist():
        shares = [share for _, share in corners_of(point)]
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > -1e-9


def test_sums_over_a_dense_grid_are_those_of_the_gaussian() -> None:
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    features = torch.stack([y, x], dim=-1).view(-1, 2) / 4
    values = torch.rand(1600, 2, generator=torch.Generator().manual_seed(0))
    result, expected = PermutohedralLattice(features).filter(values), exact(features, values)
    inside = ((y > 8) & (y < 31) & (x > 8) & (x < 31)).flatten()
    assert (result / expected)[inside].mean() == pytest.approx(1, abs=0.02)
    assert ((result / expected)[inside] - 1).abs().max() < 0.05


def test_far_points_do_not_touch_and_the_values_are_linear() -> None:
    features = torch.tensor([[0.0] * 5, [30.0] * 5])
    lattice = PermutohedralLattice(features)
    values = torch.tensor([[1.0], [0.0]])
    assert lattice.filter(values)[1] == 0
    torch.testing.assert_close(lattice.filter(3 * values + 1), 3 * lattice.filter(values) + lattice.filter(values**0))


def test_points_beyond_all_numbering_are_refused() -> None:
    with pytest.raises(ValueError, match="larger standard deviation"):
        PermutohedralLattice(torch.tensor([[0.0] * 5, [1e5] * 5]))
