from __future__ import annotations

import numpy as np

from fbr_engine.concepts.projection import projection
from fbr_engine.concepts.space import Moments, embed, unit


def test_the_basis_takes_the_square_root_of_each_spread() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 50, 3)) * (4, 1, 0.25) + (5, -2, 1)
    moments = Moments()
    for part in np.split(features, 4):
        moments.add(part)
    mean, basis = moments.space()
    np.testing.assert_allclose(mean, features.mean(axis=(0, 1)), atol=1e-5)
    spread = ((features.reshape(-1, 3) - mean) @ basis).std(axis=0)
    np.testing.assert_allclose(spread, np.sqrt((4, 1, 0.25)), rtol=0.05)


def test_embedded_pixels_have_unit_length_and_keep_their_order() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(3, 4, 8)).astype(np.float16)
    moments = Moments()
    moments.add(features)
    mean, basis = moments.space(dims=5)
    points = embed(features, mean, basis)
    assert points.shape == (12, 5)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-5)
    one = (features[2, 1].astype(np.float32) - mean) @ basis
    np.testing.assert_allclose(points[9], one / np.linalg.norm(one), atol=1e-4)


def test_the_map_keeps_groups_together_and_is_the_same_again() -> None:
    rng = np.random.default_rng(2)
    which = np.repeat(np.arange(6), 10)
    points = unit(unit(rng.normal(size=(6, 32)))[which] + 0.05 * rng.normal(size=(60, 32)))
    places = projection(points)
    assert np.abs(places).max() == 1
    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(60)
    assert (which[distance.argmin(axis=1)] == which).mean() > 0.95
    np.testing.assert_array_equal(places, projection(points))


def test_few_or_equal_centroids_have_a_map_too() -> None:
    for count in range(6):
        places = projection(np.tile(unit(np.ones((1, 4))), (count, 1)))
        assert places.shape == (count, 2)
        assert np.isfinite(places).all()
