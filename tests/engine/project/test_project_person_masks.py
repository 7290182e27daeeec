from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from fbr_engine.errors import ProjectError, ReadError, WriteError
from fbr_engine.formats import atomic
from fbr_engine.project import Project


def arrays(side: int = 12, value: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    classes = np.zeros((side, side + 1), np.uint8)
    classes[2:5, 3:7] = value
    return classes, classes.astype(np.uint16) * 300, classes // max(value, 1)


@pytest.fixture
def image(project: Project) -> int:
    project.images.add(["a/b.jpg", "c.jpg"])
    project.classes.add(["cat", "dog"])
    return project.images.get("a/b.jpg").id


def test_what_is_saved_comes_back(project: Project, image: int) -> None:
    assert project.person_masks.load(image) is None
    assert project.person_masks.find(image) is None
    for value in (1, 2):
        project.person_masks.save(image, *arrays(value=value))
        found = project.person_masks.load(image)
        assert found is not None
        for mine, theirs in zip(arrays(value=value), (found.classes, found.instances, found.source), strict=True):
            assert mine.dtype == theirs.dtype
            assert np.array_equal(mine, theirs)
    assert project.person_masks.find(image) == "corrections/a/b.jpg.npz"
    assert (project.folder / "corrections/a/b.jpg.npz").is_file()
    assert (project.person_masks.count(), project.person_masks.ids()) == (1, [image])
    assert project.database.value("SELECT revision FROM person_mask") == 2


def test_removing_brings_the_runs_back(project: Project, image: int) -> None:
    project.person_masks.save(image, *arrays())
    project.person_masks.remove(image)
    project.person_masks.remove(image)
    assert project.person_masks.load(image) is None
    assert project.person_masks.count() == 0
    assert not (project.folder / "corrections/a/b.jpg.npz").exists()


def test_the_journal_lies_beside_the_mask(project: Project) -> None:
    assert project.person_masks.journal_path("a/b.jpg") == project.folder / "corrections/a/b.jpg.journal"
    with pytest.raises(ProjectError):
        project.person_masks.journal_path("../b.jpg")


def test_a_mask_that_cannot_be_written_leaves_the_one_before(
    project: Project, image: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.person_masks.save(image, *arrays(value=1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "replace", full)
    with pytest.raises(WriteError, match="no space left"):
        project.person_masks.save(image, *arrays(value=2))
    found = project.person_masks.load(image)
    assert found is not None
    assert found.classes.max() == 1
    assert [p.name for p in (project.folder / "corrections/a").iterdir()] == ["b.jpg.npz"]


@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_a_broken_file_is_told_with_the_remedy(project: Project, image: int, damage: str) -> None:
    project.person_masks.save(image, *arrays())
    path = project.folder / "corrections/a/b.jpg.npz"
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:40])
    else:
        with path.open("wb") as file:
            np.savez(file, classes=np.zeros((3, 3), np.int64), instances=np.zeros(3), source=np.zeros(3))
    with pytest.raises(ReadError, match=r"b\.jpg\.npz .*paint it again"):
        project.person_masks.load(image)


def test_only_masks_are_taken(project: Project, image: int) -> None:
    classes, instances, source = arrays()
    with pytest.raises(ValueError, match="no mask"):
        project.person_masks.save(image, classes.astype(np.int32), instances, source)
    with pytest.raises(ValueError, match="no mask"):
        project.person_masks.save(image, classes[1:], instances, source)
    with pytest.raises(ProjectError, match="no image number 99"):
        project.person_masks.save(99, classes, instances, source)
    with Project.open(project.folder) as reader, pytest.raises(ProjectError, match="reading only"):
        reader.person_masks.save(image, classes, instances, source)
    assert not (project.folder / "corrections").exists()


def test_images_with_either_mask_are_listed_once(project: Project, image: int) -> None:
    run = project.runs.create("r", "cam", {})
    other = project.images.get("c.jpg").id
    project.maps.record(run.id, image, "masks", "f", "runs/r/masks/x.png")
    project.person_masks.save(image, *arrays())
    project.person_masks.save(other, *arrays())
    found = [(s.image.path, s.run, s.person) for s in project.person_masks.shown(run.id, "masks")]
    assert found == [
        ("a/b.jpg", "runs/r/masks/x.png", "corrections/a/b.jpg.npz"),
        ("c.jpg", None, "corrections/c.jpg.npz"),
    ]
    assert project.person_masks.count_shown(run.id, "masks") == 2
    assert project.person_masks.count_shown(run.id + 1, "masks") == 2


def test_a_large_mask_is_saved_at_once(project: Project, image: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    blobs = np.kron(rng.integers(0, 5, (64, 64)), np.ones((64, 64))).astype(np.uint8)
    began = time.perf_counter()
    project.person_masks.save(image, blobs, blobs.astype(np.uint16), blobs)
    assert time.perf_counter() - began < 2
    assert (project.folder / "corrections/a/b.jpg.npz").stat().st_size < 2_000_000
