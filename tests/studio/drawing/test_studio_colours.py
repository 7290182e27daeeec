from __future__ import annotations

import numpy as np
import pytest

from fbr_studio.drawing import colours
from fbr_studio.drawing.oklch import lab_of_lch, lab_of_rgb, rgb_of_lch


def steps(rgb: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(lab_of_rgb(rgb), axis=0), axis=1)


def nearest(rgb: list[colours.Rgb]) -> float:
    lab = lab_of_rgb(rgb)
    return float((np.linalg.norm(lab[:, None] - lab, axis=-1) + 9 * np.eye(len(lab))).min())


def test_class_colours_are_stable_and_differ() -> None:
    known = [colours.class_colour(class_id) for class_id in range(1, 255)]
    assert known[:2] == [(86, 180, 233), (230, 159, 0)]
    assert len(set(known)) == 254
    assert nearest(known[:6]) > 0.15
    assert nearest(known[:20]) > 0.1
    assert nearest(known[:40]) > 0.07
    assert nearest(known) > 0.01
    assert steps(np.array(known[:6])).min() > 0.25  # neighbours in the list differ most


def test_no_class_is_nearly_white_or_black() -> None:
    lightness = lab_of_rgb([colours.class_colour(class_id) for class_id in range(1, 255)])[:, 0]
    assert lightness.min() > 0.4
    assert lightness.max() < 0.9


def test_class_table() -> None:
    table = colours.class_table(0.45)
    assert table.shape == (256, 4)
    assert table[0, 3] == 0
    assert tuple(table[3, :3]) == colours.class_colour(3)
    assert (table[1:, 3] == round(0.45 * 255)).all()
    assert len(set(table[255, :3])) == 1
    lit = colours.class_table(0.45, highlight=2)
    assert lit[2, 3] > table[2, 3] > lit[1, 3] > 0
    assert (colours.outline_table()[1:, 3] == 255).all()
    assert colours.outline_table()[0, 3] == 0


def test_the_cam_map_is_even_and_clear_at_nothing() -> None:
    table = colours.cam_table()
    lab = lab_of_rgb(table[:, :3])
    assert (np.diff(lab[:, 0]) > 0).all()
    walked = np.concatenate([[0], np.cumsum(steps(table[:, :3]))])
    assert np.abs(walked / walked[-1] - np.linspace(0, 1, 256)).max() < 0.01
    assert table[0, 3] == 0
    assert (np.diff(table[:, 3].astype(int)) >= 0).all()
    assert table[255, 3] > 200
    assert table[0, 2] > table[0, 1] < table[0, 0]  # violet
    assert table[255, 0] > table[255, 1] > table[255, 2]  # warm yellow
    tint = colours.cam_tint_table((10, 20, 30))
    assert (tint[:, :3] == (10, 20, 30)).all()
    assert np.array_equal(tint[:, 3], table[:, 3])


@pytest.mark.parametrize("count", [0, 1, 2, 5, 8, 40])
def test_nrois_are_quiet_and_differ(count: int) -> None:
    table = colours.nroi_table(count)
    assert (table[:, 3] > 0).sum() == count
    assert table[0, 3] == 0
    lab = lab_of_rgb(table[1 : count + 1, :3])
    assert (np.hypot(lab[:, 1], lab[:, 2]) < 0.09).all()
    assert len({tuple(row) for row in table[1 : count + 1, :3].tolist()}) == count
    if 1 < count <= 8:
        assert nearest([tuple(row) for row in table[1 : count + 1, :3].tolist()]) > 0.05


def test_text_reads_on_every_colour() -> None:
    for class_id in range(256):
        colour = colours.class_colour(class_id)
        assert colours.contrast(colours.contrast_text(colour), colour) >= 4.5
    assert colours.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert colours.contrast_text((255, 255, 255)) == (0, 0, 0)


def test_oklch_goes_there_and_back() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (200, 3))
    lab = lab_of_rgb(rgb)
    hue = np.rad2deg(np.arctan2(lab[:, 2], lab[:, 1]))
    back = rgb_of_lch(lab[:, 0], np.hypot(lab[:, 1], lab[:, 2]), hue)
    assert np.abs(back.astype(int) - rgb).max() <= 1
    assert lab_of_lch(0.5, 0.0, 0).tolist() == [0.5, 0, 0]
    assert lab_of_rgb([255, 255, 255])[0] == pytest.approx(1, abs=1e-3)
