"""What judgements do to a CAM, against a loop that is written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fbr_engine.concepts.effect import BACKGROUND, OBJECT, Cast, shift_and_lift, shifted
from fbr_engine.concepts.space import unit


def made(sign: list[int], put_back: list[bool] | None = None, seed: int = 0) -> Cast:
    rng = np.random.default_rng(seed)
    centroids = unit(rng.normal(size=(len(sign), 5)))
    return Cast(centroids, len(sign), np.array(sign, np.int8), np.array(put_back or [False] * len(sign)))


def slowly(value: float, point: np.ndarray, cast: Cast) -> float:
    weights = [math.exp(float(point @ c) / 0.05) for c in cast.centroids]
    shift = lift = 0.0
    for weight, sign, put_back in zip(weights, cast.sign, cast.put_back, strict=True):
        share = weight / sum(weights)
        shift += share * (1.0 if sign > 0 else -1.5 if sign < 0 else 0.0)
        lift += 0.5 * share * put_back
    value = max(value, lift)
    if value <= 0:
        return 0.0
    inside = min(max(value, 0.004), 0.996)
    odds = math.log(inside / (1 - inside)) + shift
    return min(max(value + 1 / (1 + math.exp(-odds)) - inside, 0.0), 1.0)


@pytest.mark.parametrize(
    ("sign", "put_back"), [([1, -1, 0], None), ([0, -1, -1], None), ([0, 1, -1, 1], [False, True, False, False])]
)
def test_it_equals_the_loop(sign: list[int], put_back: list[bool] | None) -> None:
    cast = made(sign, put_back)
    rng = np.random.default_rng(1)
    points, cam = unit(rng.normal(size=(40, 5))), rng.random(40).astype(np.float32)
    cam[:5], cam[5:8] = 0, 1
    found = shifted(cam, *shift_and_lift(points, cast))
    assert found == pytest.approx([slowly(float(v), p, cast) for v, p in zip(cam, points, strict=True)], abs=1e-5)
    assert found.dtype == np.float32


def test_without_a_judgement_nothing_changes() -> None:
    cast = made([0, 0, 0])
    assert not cast.acts
    cam = np.linspace(0, 1, 256, dtype=np.float32)
    points = unit(np.random.default_rng(2).normal(size=(256, 5)))
    found = shifted(cam, *shift_and_lift(points, cast))
    assert np.array_equal((found * 255).round(), (cam * 255).round())


def test_a_judged_pixel_moves_by_all_of_the_shift_and_a_far_one_not_at_all() -> None:
    cast = Cast(np.eye(2, 3, dtype=np.float32), 2, np.array([-1, 0], np.int8), np.zeros(2, np.bool_))
    shift, lift = shift_and_lift(np.eye(2, 3, dtype=np.float32), cast)
    assert shift == pytest.approx([-BACKGROUND, 0], abs=1e-6)
    assert lift.tolist() == [0, 0]
    cast = Cast(cast.centroids, 2, np.array([1, 0], np.int8), cast.put_back)
    assert shift_and_lift(np.eye(2, 3, dtype=np.float32), cast)[0] == pytest.approx([OBJECT, 0], abs=1e-6)


def test_background_judged_part_of_the_object_is_put_back_where_the_cam_is_empty() -> None:
    cast = Cast(np.eye(2, 3, dtype=np.float32), 1, np.array([0, 1], np.int8), np.array([False, True]))
    found = shifted(np.zeros(2, np.float32), *shift_and_lift(np.eye(2, 3, dtype=np.float32), cast))
    assert found == pytest.approx([0, 1 / (1 + math.exp(-OBJECT))], abs=1e-4)


def test_the_digest_follows_from_all_that_counts() -> None:
    kinds = [made([0, 1]), made([0, -1]), made([1, 0]), made([0, 1], [False, True]), made([0, 1], seed=3)]
    assert len({cast.digest() for cast in kinds}) == len(kinds)
    assert made([0, 1]).digest() == made([0, 1]).digest()
