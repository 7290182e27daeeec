from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from fbr_engine.scenes import BACKGROUNDS, CLASSES, OBJECT, Scene, draw_scene
from fbr_engine.scenes.plan import plan_scene

COUNT = 80
HOME = {"boat": ("water", 0.12), "train": ("rails", 0.06), "sheep": ("grass", 0.2), "bird": ("sky", 0.55)}


@cache
def scenes() -> tuple[Scene, ...]:
    return tuple(draw_scene(0, index, 96) for index in range(COUNT))


def share(scene: Scene, kind: str) -> float:
    return float((scene.background == BACKGROUNDS.index(kind)).sum() / (scene.background != OBJECT).sum())


def test_the_same_arguments_give_the_same_bytes() -> None:
    for index in (0, 5, 11):
        one, two = draw_scene(4, index), draw_scene(4, index)
        assert one.image.tobytes() == two.image.tobytes()
        assert one.mask.tobytes() == two.mask.tobytes()
        assert one.background.tobytes() == two.background.tobytes()
        assert one.tags == two.tags
        assert draw_scene(5, index).image.tobytes() != one.image.tobytes()


def test_arrays_have_the_promised_form() -> None:
    scene = draw_scene(0, 0)
    assert scene.image.shape == (192, 192, 3)
    assert scene.mask.shape == scene.background.shape == (192, 192)
    assert scene.image.dtype == scene.mask.dtype == scene.background.dtype == np.uint8


@pytest.mark.parametrize("size", [(96, 128), (240, 320), (160, 97)])
def test_sizes_are_height_and_width(size: tuple[int, int]) -> None:
    for index in range(6):
        scene = draw_scene(1, index, size)
        assert scene.image.shape == (*size, 3)
        assert scene.mask.shape == scene.background.shape == size


def test_another_size_gives_the_same_composition() -> None:
    for index in range(12):
        small, large = draw_scene(2, index, 96), draw_scene(2, index, 384)
        reduced = cv2.resize(large.image, (96, 96), interpolation=cv2.INTER_AREA).astype(float)
        assert np.abs(reduced - small.image).mean() < 5
        sampled = large.mask[2::4, 2::4]
        assert (sampled == small.mask).mean() > 0.97
        assert small.tags == large.tags


def test_the_largest_size_is_drawn() -> None:
    assert draw_scene(0, 3, 640).image.shape == (640, 640, 3)


def test_tags_are_the_classes_of_the_mask() -> None:
    for scene in scenes():
        values = set(np.unique(scene.mask)) - {0}
        assert scene.tags == tuple(name for i, name in enumerate(CLASSES) if i + 1 in values)


def test_background_maps_name_a_kind_everywhere_but_at_objects() -> None:
    for scene in scenes():
        assert ((scene.background == OBJECT) == (scene.mask > 0)).all()
        assert scene.background[scene.mask == 0].max() < len(BACKGROUNDS)


def test_no_sample_is_left_unpainted() -> None:
    other = np.mean([share(scene, "other") for scene in scenes()])
    assert other < 0.02


def test_subjects_cover_a_twentieth_to_two_fifths_of_the_picture() -> None:
    for index, scene in enumerate(scenes()):
        plan = plan_scene(0, index)
        covered = (scene.mask == CLASSES.index(plan.subject) + 1).mean()
        if plan.count:
            assert 0.04 < covered < 0.5, plan
        else:
            assert scene.tags == ()


@pytest.mark.parametrize("name", CLASSES)
def test_objects_and_their_backgrounds_come_together(name: str) -> None:
    kind, least = HOME[name]
    subjects = [i for i in range(COUNT) if plan_scene(0, i).subject == name]
    with_object = [share(scenes()[i], kind) > least for i in subjects if name in scenes()[i].tags]
    assert 0.8 <= np.mean(with_object) <= 0.95
    surroundings = [name in scenes()[i].tags for i in subjects if share(scenes()[i], kind) > least]
    assert 0.75 <= np.mean(surroundings) <= 0.95


def test_scenes_differ() -> None:
    assert len({scene.image.tobytes() for scene in scenes()}) == COUNT
    brightness = [scene.image.mean() for scene in scenes()]
    assert np.std(brightness) > 15
