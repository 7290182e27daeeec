"""Seeds and uncertain pixels against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from fbr_engine.losses.seeds import group_quantile, seed_labels, uncertain_pixels


def slow_seed(cam: Tensor, threshold: float) -> list[list[list[int]]]:
    batch, classes, height, width = cam.shape
    result = [[[0] * width for _ in range(height)] for _ in range(batch)]
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                best, score = 0, threshold
                for c in range(classes):
                    if cam[b, c, y, x].item() > score:
                        best, score = c + 1, cam[b, c, y, x].item()
                result[b][y][x] = best
    return result


def slow_uncertain(cam: Tensor, seed: Tensor) -> list[list[list[bool]]]:
    batch, classes, height, width = cam.shape
    values = cam.double().numpy()
    places = [(y, x) for y in range(height) for x in range(width)]
    result = [[[False] * width for _ in range(height)] for _ in range(batch)]
    for b in range(batch):
        foreground = [p for p in places if seed[b][p] > 0]
        if not foreground:
            continue
        entropies = {}
        for p in foreground:
            total = values[b, :, p[0], p[1]].sum()
            shares = [values[b, c, p[0], p[1]] / total for c in range(classes)]
            entropies[p] = -sum(s * math.log(s) for s in shares if s > 0)
        low = np.quantile(list(entropies.values()), 0.2)
        for p in foreground:
            c = int(seed[b][p]) - 1
            own = [values[b, c, q[0], q[1]] for q in foreground if seed[b][q] == c + 1]
            reliable = values[b, c, p[0], p[1]] > np.quantile(own, 0.5) or entropies[p] < low
            result[b][p[0]][p[1]] = not reliable
    return result


def random_cam(seed: int, tagged: list[list[int]], size: int = 6) -> Tensor:
    tags = torch.tensor(tagged, dtype=torch.float32)
    cam = torch.rand(*tags.shape, size, size, generator=torch.Generator().manual_seed(seed)) * tags[:, :, None, None]
    return cam / cam.amax(dim=(2, 3), keepdim=True).clamp(min=1e-5)


TAGS = [[[1, 1, 0], [0, 1, 1]], [[1, 0, 0], [0, 0, 0]], [[1, 1, 1]]]


@pytest.mark.parametrize("tagged", TAGS)
def test_seed_is_the_argmax_over_threshold_and_cams(tagged: list[list[int]]) -> None:
    cam = random_cam(1, tagged)
    assert seed_labels(cam, 0.4).tolist() == slow_seed(cam, 0.4)


def test_a_score_at_the_threshold_is_background() -> None:
    assert seed_labels(torch.full((1, 1, 1, 1), 0.5), 0.5).item() == 0


@pytest.mark.parametrize("tagged", TAGS)
@pytest.mark.parametrize("seed", range(3))
def test_uncertain_pixels_equal_the_loop(seed: int, tagged: list[list[int]]) -> None:
    cam = random_cam(seed, tagged)
    labels = seed_labels(cam, 0.4)
    assert uncertain_pixels(cam, labels).tolist() == slow_uncertain(cam, labels)


@pytest.mark.parametrize("quantile", [0.0, 0.2, 0.5, 0.77, 1.0])
def test_quantiles_of_groups_equal_those_of_numpy(quantile: float) -> None:
    generator = torch.Generator().manual_seed(2)
    values = torch.randint(0, 12, (3, 40), generator=generator).float() / 7  # with ties
    group = torch.randint(0, 4, (3, 40), generator=generator)
    group[0] = 3
    group[1, 0] = 1
    group[1, 1:] = 0
    result = group_quantile(values, group, 4, quantile)
    for row in range(3):
        for index in range(4):
            own = values[row][group[row] == index].double().numpy()
            if len(own):
                assert result[row, index].item() == pytest.approx(np.quantile(own, quantile), rel=1e-6)


def test_background_and_single_pixels_are_never_uncertain_by_accident() -> None:
    nothing = torch.zeros(2, 3, 4, 4)
    assert not uncertain_pixels(nothing, seed_labels(nothing, 0.4)).any()
    one = torch.ones(1, 1, 1, 1)
    # The only pixel of its class is not above its own middle: it is an anchor.
    assert uncertain_pixels(one, seed_labels(one, 0.4)).all()


def test_with_one_tag_the_lower_half_is_uncertain() -> None:
    cam = torch.linspace(0.5, 1, 11).view(1, 1, 1, 11)
    assert uncertain_pixels(cam, seed_labels(cam, 0.4)).flatten().tolist() == [True] * 6 + [False] * 5
