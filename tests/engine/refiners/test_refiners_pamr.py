"""PAMR against a pixel-by-pixel loop, and what it is for: masks that follow the image's edges."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.refiners import REFINERS
from fbr_engine.refiners.pamr import pamr


def slow(image: Tensor, scores: Tensor, dilations: tuple[int, ...], iterations: int) -> Tensor:
    _, height, width = image.shape
    pixels = image.double()

    def clamp(y: int, x: int) -> tuple[int, int]:
        return min(max(y, 0), height - 1), min(max(x, 0), width - 1)

    weights: dict[tuple[int, int], list[tuple[tuple[int, int], float]]] = {}
    for y in range(height):
        for x in range(width):
            places = [
                clamp(y + dy * d, x + dx * d)
                for d in dilations
                for dy in (-1, 0, 1)
                for dx in (-1, 0, 1)
                if (dy, dx) != (0, 0)
            ]
            energies = []
            sigma = []
            for c in range(3):
                values = [pixels[c, p[0], p[1]].item() for p in places]
                mean = sum(values) / len(values)
                sigma.append(math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1)))
            for p in places:
                parts = [
                    abs(pixels[c, p[0], p[1]].item() - pixels[c, y, x].item()) / (1e-3 + 0.1 * sigma[c])
                    for c in range(3)
                ]
                energies.append(math.exp(-sum(parts) / 3))
            weights[y, x] = [(p, e / sum(energies)) for p, e in zip(places, energies, strict=True)]
    result = scores.double()
    for _ in range(iterations):
        refined = torch.zeros_like(result)
        for (y, x), neighbours in weights.items():
            for p, weight in neighbours:
                refined[:, y, x] += weight * result[:, p[0], p[1]]
        result = refined
    return result.float()


@pytest.mark.parametrize("shape", [(7, 6), (1, 1), (1, 9)])
@pytest.mark.parametrize("dilations", [(1,), (1, 3), (2, 12)])
def test_equals_the_loop(shape: tuple[int, int], dilations: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, *shape, generator=generator)
    scores = torch.rand(2, *shape, generator=generator)
    expected = slow(image, scores, dilations, 3)
    torch.testing.assert_close(pamr(image, scores, dilations, 3), expected, rtol=1e-4, atol=1e-5)


def test_scores_keep_their_sum_and_the_input_is_left_alone() -> None:
    image, scores = torch.rand(3, 20, 30), torch.rand(4, 20, 30).softmax(dim=0)
    before = scores.clone()
    refined = REFINERS["pamr"](image, scores)
    torch.testing.assert_close(refined.sum(dim=0), torch.ones(20, 30))
    assert torch.equal(scores, before)


def test_a_flat_image_gives_no_numbers_that_are_none() -> None:
    assert pamr(torch.full((3, 8, 8), 0.5), torch.rand(2, 8, 8)).isfinite().all()


def test_a_blurred_mask_is_drawn_to_the_edge_of_the_colours() -> None:
    truth = torch.zeros(40, 40, dtype=torch.bool)
    truth[10:30, 12:28] = True
    image = torch.where(truth, 0.8, 0.2).expand(3, -1, -1) + 0.02 * torch.randn(3, 40, 40)
    coarse = torch.nn.functional.avg_pool2d(truth.float()[None], 13, 1, 6, count_include_pad=False)[0]
    coarse = coarse.roll(2, dims=1)  # not only blurred but shifted
    scores = torch.stack([1 - coarse, coarse])
    before = ((scores.argmax(dim=0) == 1) != truth).sum()
    after = ((pamr(image, scores).argmax(dim=0) == 1) != truth).sum()
    assert before > 60
    assert after < before / 3
