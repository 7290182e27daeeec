"""Training crops: repeatable, with a box that says where every pixel came from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from fbr_engine.data import augment
from fbr_engine.data.augment import Crop, Planes, epoch_order, random_crop

GREY = (124, 116, 104)


def coordinates(height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return an image whose red tells x and whose green tells y, as shares of 250."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[..., 0] = np.rint((np.arange(width) + 0.5) / width * 250)[None, :]
    image[..., 1] = np.rint((np.arange(height) + 0.5) / height * 250)[:, None]
    return image


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "_jitter", lambda pixels, rng: pixels)


def source_of(crop: Crop) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return x and y in the original, in pixels, of the centre of every crop column and row."""
    side = crop.image.shape[0]
    x, y, width, height = crop.box
    steps = (np.arange(side) + 0.5) / side
    columns = x + width * steps
    return (columns[::-1] if crop.flipped else columns), y + height * steps


SHAPES = [(300, 400), (400, 300), (90, 500), (500, 61), (40, 30), (1000, 13)]


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_box_maps_crop_pixels_back_to_the_image(shape: tuple[int, int]) -> None:
    height, width = shape
    image = coordinates(height, width)
    flips = set()
    for index in range(12):
        crop = random_crop(image, 65, (0.5, 2.0), 7, 1, index)
        flips.add(crop.flipped)
        columns, rows = source_of(crop)
        expected_x, expected_y = columns / width * 250, rows / height * 250
        inside_x = (columns > 0) & (columns < width)
        inside_y = (rows > 0) & (rows < height)
        assert np.array_equal(crop.valid, inside_y[:, None] & inside_x[None, :])
        # Interpolation flattens half a source pixel at the borders and averages what it shrinks.
        tolerance_x, tolerance_y = 2 + 250 / width, 2 + 250 / height
        red = crop.image[..., 0].astype(float)
        green = crop.image[..., 1].astype(float)
        assert np.abs(red - expected_x[None, :])[crop.valid].max() <= tolerance_x
        assert np.abs(green - expected_y[:, None])[crop.valid].max() <= tolerance_y
    assert flips == {True, False}


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (2, 3), (1, 900), (3000, 1)])
def test_padding_is_the_mean_colour_and_marked(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for index in range(6):
        crop = random_crop(image, 33, (0.75, 1.5), 0, 0, index)
        assert crop.image.shape == (33, 33, 3)
        assert crop.image.dtype == np.uint8
        assert crop.image.flags["C_CONTIGUOUS"]
        assert crop.valid.flags["C_CONTIGUOUS"]
        assert crop.valid.any()
        assert (crop.image[~crop.valid] == GREY).all(), "padding must be zero to the network"


def test_jitter_does_not_depend_on_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flat image stays flat under any jitter, and a grey one stays grey."""
    image = np.full((20, 200, 3), 90, dtype=np.uint8)
    seen = set()
    for index in range(8):
        crop = random_crop(image, 65, (0.75, 1.5), 0, 0, index)
        colours = np.unique(crop.image[crop.valid].reshape(-1, 3), axis=0)
        assert len(colours) == 1
        assert len(set(colours[0].tolist())) == 1
        assert 0.7 * 90 - 1 <= colours[0, 0] <= 1.3 * 90 + 1
        seen.add(int(colours[0, 0]))
    assert len(seen) > 4


def test_a_crop_is_a_pure_function_of_seed_epoch_and_index() -> None:
    image = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    before = image.copy()

    def crop(*key: int) -> Crop:
        np.random.default_rng().random(3)
        return random_crop(image, 33, (0.75, 1.5), *key)

    first, again = crop(3, 1, 4), crop(3, 1, 4)
    assert np.array_equal(first.image, again.image)
    assert (first.box, first.flipped) == (again.box, again.flipped)
    assert np.array_equal(image, before)
    boxes = {crop(*key).box for key in [(3, 1, 4), (2, 1, 4), (3, 0, 4), (3, 1, 5), (1, 3, 4), (4, 1, 3)]}
    assert len(boxes) == 6


def test_zoom_stays_in_its_range() -> None:
    image = np.zeros((300, 400, 3), dtype=np.uint8)
    widths = [random_crop(image, 65, (0.5, 2.0), 0, 0, i).box[2] for i in range(200)]
    at_one = 400 / 1.4
    assert at_one / 2.0 * 0.98 <= min(widths) < at_one / 1.7
    assert at_one / 0.6 < max(widths) <= at_one / 0.5 * 1.02


def test_epoch_order_is_a_seeded_permutation() -> None:
    order = epoch_order(100, 5, 2)
    assert sorted(order) == list(range(100))
    assert np.array_equal(order, epoch_order(100, 5, 2))
    assert not np.array_equal(order, epoch_order(100, 5, 3))
    assert not np.array_equal(order, epoch_order(100, 4, 2))
    assert len(epoch_order(0, 0, 0)) == 0


def planes_of(height: int, width: int) -> Planes:
    """Return labels that tell the quarter of the image, and a saliency that rises from left to right."""
    labels = np.zeros((height, width), dtype=np.uint8)
    labels[: height // 2, width // 2 :] = 1
    labels[height // 2 :, : width // 2] = 2
    labels[height // 2 :, width // 2 :] = 3
    saliency = np.rint((np.arange(width) + 0.5) / width * 255)[None, :].repeat(height, axis=0).astype(np.uint8)
    return Planes(labels, saliency)


@pytest.mark.parametrize("size", [(300, 400), (30, 40), (600, 800), (90, 120)])
def test_planes_of_any_size_lie_where_the_image_does(size: tuple[int, int]) -> None:
    image, planes = coordinates(300, 400), planes_of(*size)
    for index in range(8):
        crop = random_crop(image, 65, (0.5, 2.0), 7, 1, index, planes)
        columns, rows = source_of(crop)
        assert crop.labels is not None
        assert crop.saliency is not None
        assert crop.labels.dtype == np.uint8
        assert crop.saliency.dtype == np.float32
        assert crop.labels.flags["C_CONTIGUOUS"]
        assert crop.saliency.flags["C_CONTIGUOUS"]
        assert (crop.labels[~crop.valid] == 255).all()
        assert np.array_equal(np.isnan(crop.saliency), ~crop.valid)
        quarter = (columns[None, :] > 200) + 2 * (rows[:, None] > 150)
        # At the seams a pixel more or less of the plane decides.
        slack = 400 / size[1] + crop.box[2] / 65
        clear = (np.abs(columns - 200) > slack)[None, :] & (np.abs(rows - 150) > slack)[:, None] & crop.valid
        assert np.array_equal(crop.labels[clear], quarter[clear])
        rising = np.broadcast_to(columns / 400, crop.saliency.shape)
        assert np.abs(crop.saliency - rising)[crop.valid].max() <= 0.01 + 1 / size[1]


def test_planes_do_not_change_the_crop_of_the_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    for index in range(6):
        plain = random_crop(image, 33, (0.75, 1.5), 3, 1, index)
        more = random_crop(image, 33, (0.75, 1.5), 3, 1, index, planes_of(40, 60))
        assert np.array_equal(plain.image, more.image)
        assert np.array_equal(plain.valid, more.valid)
        assert (plain.box, plain.flipped) == (more.box, more.flipped)
        assert plain.labels is None
        assert plain.saliency is None


def test_labels_are_never_mixed() -> None:
    image = np.zeros((80, 120, 3), dtype=np.uint8)
    labels = np.random.default_rng(0).choice(np.array([0, 7, 255], dtype=np.uint8), (61, 97))
    for index in range(6):
        crop = random_crop(image, 33, (0.3, 3.0), 0, 0, index, Planes(labels=labels))
        assert crop.labels is not None
        assert set(np.unique(crop.labels)) <= {0, 7, 255}
