from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fbr_engine.errors import ProjectError
from fbr_engine.project import Project, find_new


def test_only_what_is_neither_known_nor_left_out_is_new(project: Project, touch: Callable[..., None]) -> None:
    touch("a.jpg", "sub/b.png", "c.txt", ".hidden.jpg")
    assert find_new(project) == ["a.jpg", "sub/b.png"]
    project.images.add(find_new(project))
    assert find_new(project) == []
    touch("d.jpg")
    assert find_new(project) == ["d.jpg"]


def test_a_removed_image_does_not_come_back_unless_added(
    project: Project, images: Path, touch: Callable[..., None]
) -> None:
    touch("a.jpg", "b.jpg")
    project.images.add(["a.jpg", "b.jpg"])
    project.classes.add(["cat"])
    project.tags.set(1, 1, 1)
    run = project.runs.create("r", "cam", {})
    project.maps.record(run.id, 1, "cams", "f", "x")
    mask = np.ones((3, 3), np.uint8)
    project.person_masks.save(1, mask, mask.astype(np.uint16), mask)
    assert project.images.remove([1, 77]) == 1
    assert (images / "a.jpg").is_file()
    assert [image.path for image in project.images.iter()] == ["b.jpg"]
    assert find_new(project) == []
    assert (project.person_masks.count(), project.tags.of(1)) == (0, {})
    assert project.maps.get(run.id, 1, "cams") is None
    project.images.add(["a.jpg"])
    assert project.images.get("a.jpg").review == "new"
    (images / "a.jpg").rename(images / "z.jpg")
    assert find_new(project) == ["z.jpg"]
    assert project.database.value("SELECT count(*) FROM left_out") == 0


def test_a_folder_that_is_gone_is_named(project: Project, images: Path) -> None:
    images.rename(images.with_name("elsewhere"))
    with pytest.raises(ProjectError, match="the image folder, is gone"):
        find_new(project)


def test_many_images(project: Project, images: Path, touch: Callable[..., None]) -> None:
    for i in range(3000):
        (images / f"{i:06}.jpg").touch()
    project.images.add(f"{i:06}.jpg" for i in range(100_000) if i != 17)
    began = time.perf_counter()
    assert find_new(project) == ["000017.jpg"]
    assert time.perf_counter() - began < 1.5


def test_folders_of_labels_are_passed_over(project: Project, touch: Callable[..., None]) -> None:
    touch("new.jpg", "masks/new.png", "deep/Labels/a.png")
    assert find_new(project) == ["new.jpg"]
    project.images.add(["masks/new.png"])
    touch("masks/other.png")
    assert "masks/other.png" in find_new(project)
