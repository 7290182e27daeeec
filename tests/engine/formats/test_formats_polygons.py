from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from fbr_engine.formats.polygons import mask_to_polygon, polygon_to_mask

coco = pytest.importorskip("pycocotools.mask")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
Mask = NDArray[np.bool_]


def picture(*rows: str) -> Mask:
    return np.array([[character == "#" for character in row] for row in rows])


def coco_pixels(polygon: list[float], shape: tuple[int, ...]) -> Mask:
    rles = coco.frPyObjects([polygon], shape[0], shape[1])
    return coco.decode(coco.merge(rles)).astype(np.bool_)


def components(mask: Mask) -> list[Mask]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return [labels == label for label in range(1, count)]


def has_hole(component: Mask) -> bool:
    outside = np.pad(~component, 1, constant_values=True).astype(np.uint8)
    return cv2.connectedComponents(outside, connectivity=4)[0] > 2


def area(polygon: list[float]) -> float:
    x, y = np.array(polygon[::2]), np.array(polygon[1::2])
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def check(component: Mask) -> None:
    polygon = mask_to_polygon(component)
    if has_hole(component):
        assert polygon is None
        return
    assert polygon is not None
    np.testing.assert_array_equal(coco_pixels(polygon, component.shape), component)
    np.testing.assert_array_equal(polygon_to_mask(polygon, *component.shape), component)
    assert area(polygon) == component.sum()
    points = np.array(polygon).reshape(-1, 2)
    steps = np.roll(points, -1, axis=0) - points
    assert ((steps == 0).sum(axis=1) == 1).all()
    assert ((steps[:, 0] == 0) != (np.roll(steps[:, 0], 1) == 0)).all()


def test_one_pixel_and_a_corner_shape() -> None:
    assert mask_to_polygon(picture("#")) == [0, 0, 1, 0, 1, 1, 0, 1]
    assert mask_to_polygon(picture("#.", "##")) == [0, 0, 1, 0, 1, 1, 2, 1, 2, 2, 0, 2]


def test_the_window_is_moved_to_its_place() -> None:
    assert mask_to_polygon(picture("#"), top=5, left=7) == [7, 5, 8, 5, 8, 6, 7, 6]


@pytest.mark.parametrize(
    "component",
    [
        picture("#.", ".#"),
        picture(".#", "#."),
        picture("#.#", ".#.", "#.#"),
        picture(".#.", "#.#", ".#."),
        picture("###", "#.#", "##."),
        picture("###", "#..", "##."),
        picture("####", "#..#", "#.##", "##.."),
        picture("##.##", "##.##", "..#..", "##.##", "##.##"),
        np.ones((40, 30), np.bool_),
    ],
)
def test_shapes_that_touch_at_corners(component: Mask) -> None:
    check(component)


def test_holes_parts_and_nothing_have_no_outline() -> None:
    assert mask_to_polygon(picture("###", "#.#", "###")) is None
    assert mask_to_polygon(picture(".#.", "#.#", ".#.")) is None
    assert mask_to_polygon(picture("#.#")) is None
    assert mask_to_polygon(picture("...")) is None
    assert mask_to_polygon(np.zeros((0, 4), np.bool_)) is None


@settings(deadline=None, max_examples=300)
@given(arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_random_components_come_back_exactly(mask: Mask) -> None:
    for component in components(mask):
        check(component)


@pytest.mark.parametrize(("seed", "sigma"), [(0, 0.0), (1, 1.0), (2, 3.0), (3, 8.0)])
def test_components_of_noise_come_back_exactly(seed: int, sigma: float) -> None:
    noise = np.random.default_rng(seed).standard_normal((120, 160)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma) if sigma else noise
    for component in components(smooth > smooth.std() * 0.5)[:150]:
        check(component)


def test_every_shape_of_three_by_three() -> None:
    for bits in range(1, 512):
        mask = np.array([bits >> k & 1 for k in range(9)], np.bool_).reshape(3, 3)
        for component in components(mask):
            check(component)


def distance_to_outline(polygon: list[float], x: float, y: float) -> float:
    start = np.array(polygon).reshape(-1, 2)
    along = np.roll(start, -1, axis=0) - start
    point = np.array([x, y])
    share = np.clip(((point - start) * along).sum(1) / (along**2).sum(1), 0, 1)
    return float(np.linalg.norm(start + share[:, None] * along - point, axis=1).min())


def test_slanted_polygons_agree_with_coco_but_for_the_border() -> None:
    generator = np.random.default_rng(0)
    for _ in range(30):
        polygon = generator.uniform(5, 85, 2 * generator.integers(3, 9)).tolist()
        mine, theirs = polygon_to_mask(polygon, 100, 90), coco_pixels(polygon, (100, 90))
        for row, column in np.argwhere(mine != theirs):
            assert distance_to_outline(polygon, column + 0.5, row + 0.5) < 0.3


def test_polygons_outside_give_nothing() -> None:
    assert not polygon_to_mask([-9, -9, -3, -9, -3, -3], 5, 5).any()
    assert not polygon_to_mask([9, 9, 13, 9, 13, 13], 5, 5).any()
    assert polygon_to_mask([-1e300, -1e300, 1e300, -1e300, 1e300, 1e300, -1e300, 1e300], 5, 5).all()


@pytest.mark.parametrize(
    "polygon", [[], [1, 1, 2, 2], [1, 1, 2, 2, 3, 3, 4], [1, 1, 2, float("nan"), 3, 3], [[1, 2], [3, 4]]]
)
def test_what_is_no_polygon(polygon: list[float]) -> None:
    with pytest.raises(ValueError, match="polygon"):
        polygon_to_mask(polygon, 5, 5)
