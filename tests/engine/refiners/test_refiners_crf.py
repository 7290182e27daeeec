"""The dense CRF against mean field written out over all pairs of pixels, and what it is for."""

from __future__ import annotations

import math
from importlib import import_module

import pytest
import torch
from torch import Tensor

from fbr_engine.refiners.crf import SPATIAL_WEIGHT, USUAL_SIDE, Kernel, crf, log_probabilities


def slow(image: Tensor, scores: Tensor, bilateral_weight: float, iterations: int) -> Tensor:
    """Mean field with spatial sd 2 px, and bilateral sd 4 px and 40 grey levels, over all pairs."""
    classes, height, width = scores.shape
    pixels = [(y, x) for y in range(height) for x in range(width)]
    colour = {p: [255 * image[c, p[0], p[1]].item() for c in range(3)] for p in pixels}

    def near(p: tuple[int, int], q: tuple[int, int]) -> float:
        return (p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2

    def alike(p: tuple[int, int], q: tuple[int, int]) -> float:
        return sum((a - b) ** 2 for a, b in zip(colour[p], colour[q], strict=True))

    kernels = []
    for weight, exponent in (
        (SPATIAL_WEIGHT, lambda p, q: near(p, q) / (2 * 2**2)),
        (bilateral_weight, lambda p, q: near(p, q) / (2 * 4**2) + alike(p, q) / (2 * 40**2)),
    ):
        k = {(p, q): math.exp(-exponent(p, q)) for p in pixels for q in pixels}
        norm = {p: sum(k[p, q] for q in pixels) for p in pixels}
        kernels.append({pq: weight * v / math.sqrt(norm[pq[0]] * norm[pq[1]]) for pq, v in k.items()})
    unary = {p: [-math.log(scores[c, p[0], p[1]].item() + 1e-3) for c in range(classes)] for p in pixels}

    def probabilities(energy: list[float]) -> list[float]:
        parts = [math.exp(-e) for e in energy]
        return [part / sum(parts) for part in parts]

    belief = {p: probabilities(unary[p]) for p in pixels}
    for _ in range(iterations):
        after = {}
        for p in pixels:
            energy = []
            for c in range(classes):
                others = sum(k[p, q] * belief[q][d] for k in kernels for q in pixels for d in range(classes) if d != c)
                energy.append(unary[p][c] + others)
            after[p] = probabilities(energy)
        belief = after
    return torch.tensor([[[belief[y, x][c] for x in range(width)] for y in range(height)] for c in range(classes)])


def drawn() -> tuple[Tensor, Tensor, Tensor]:
    """A square of another colour, the truth of it, and blurred scores that are shifted."""
    generator = torch.Generator().manual_seed(0)
    truth = torch.zeros(40, 40, dtype=torch.bool)
    truth[10:30, 12:28] = True
    image = torch.where(truth, 0.8, 0.2).expand(3, -1, -1) + 0.02 * torch.randn(3, 40, 40, generator=generator)
    coarse = torch.nn.functional.avg_pool2d(truth.float()[None], 13, 1, 6, count_include_pad=False)[0]
    coarse = coarse.roll(2, dims=1)
    return image.clamp(0, 1), truth, torch.stack([torch.full_like(coarse, 0.4), coarse])


def exact_kernel(image: Tensor, sd: float, colour_sd: float) -> Kernel:
    """Return the bilateral kernel without the lattice."""
    y, x = torch.meshgrid(*(torch.arange(float(side)) for side in image.shape[1:]), indexing="ij")
    features = torch.cat([torch.stack([y, x]) / sd, 255 * image / colour_sd]).flatten(1).T
    weights = (-0.5 * torch.cdist(features, features).square()).exp()
    return lambda values: (values.flatten(1) @ weights).view(values.shape)


@pytest.mark.parametrize(
    ("bilateral_weight", "lattice", "most", "usual"),
    [(0.0, True, 1e-5, 1e-6), (3.0, False, 1e-5, 1e-6), (3.0, True, 0.08, 0.02)],
)
def test_equals_mean_field_over_all_pairs(
    monkeypatch: pytest.MonkeyPatch, bilateral_weight: float, lattice: bool, most: float, usual: float
) -> None:
    if not lattice:
        monkeypatch.setattr(import_module("fbr_engine.refiners.crf"), "bilateral_kernel", exact_kernel)
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(3, 6, 8, generator=generator) * 0.3 + 0.4 * (torch.arange(8) > 3)
    scores = torch.rand(3, 6, 8, generator=generator)
    scale = USUAL_SIDE / 8
    result = crf(
        image,
        scores,
        spatial_sd=2 * scale,
        bilateral_sd=4 * scale,
        colour_sd=40,
        bilateral_weight=bilateral_weight,
        sharpness=1,
        iterations=3,
    )
    expected = slow(image, scores, bilateral_weight, 3)
    assert (result - expected).abs().max() < most
    assert (result - expected).abs().mean() < usual
    assert (log_probabilities(scores).exp() - expected).abs().max() > 0.1


def test_without_pairs_the_highest_score_wins() -> None:
    scores = torch.rand(4, 9, 7, generator=torch.Generator().manual_seed(0)) ** 4
    scores[1, 0] = 0
    for sharpness in (1.0, 2.0):
        assert torch.equal(log_probabilities(scores, sharpness).argmax(dim=0), scores.argmax(dim=0))
    found = crf(torch.rand(3, 9, 7), scores, spatial_weight=0, bilateral_weight=0)
    assert torch.equal(found.argmax(dim=0), scores.argmax(dim=0))
    torch.testing.assert_close(found.sum(dim=0), torch.ones(9, 7))


def test_a_blurred_mask_is_drawn_to_the_edge_of_the_colours() -> None:
    image, truth, scores = drawn()
    kept = scores.clone()
    before = ((scores.argmax(dim=0) == 1) != truth).sum()
    after = ((crf(image, scores, bilateral_sd=200).argmax(dim=0) == 1) != truth).sum()
    assert before > 60
    assert after < before / 5
    assert torch.equal(scores, kept)


def test_the_same_image_at_twice_the_size_gets_the_same_mask() -> None:
    image, _, scores = drawn()
    twice = [torch.nn.functional.interpolate(t[None], scale_factor=2.0)[0] for t in (image, scores)]
    small, large = crf(image, scores, bilateral_sd=200), crf(*twice, bilateral_sd=200)
    assert (large.argmax(dim=0)[::2, ::2] != small.argmax(dim=0)).float().mean() < 0.02


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (30, 2)])
@pytest.mark.parametrize("classes", [1, 2])
def test_small_and_flat_images_give_finite_probabilities(shape: tuple[int, int], classes: int) -> None:
    found = crf(torch.full((3, *shape), 0.5), torch.zeros(classes, *shape))
    torch.testing.assert_close(found, torch.full_like(found, 1 / classes))
