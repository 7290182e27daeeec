from __future__ import annotations

import time
import tracemalloc

import pytest

from fbr_engine.errors import ProjectError
from fbr_engine.project import ImageInfo, Project


def test_images_are_added_once_and_keep_what_is_known(project: Project) -> None:
    assert project.images.add(["b.jpg", "a.jpg", "b.jpg"], "train") == 2
    image = project.images.get("b.jpg")
    assert image == ImageInfo(1, "b.jpg", "train", None, None, "new", None)
    project.images.set_size(1, 640, 480)
    project.images.set_review(1, "accepted")
    project.images.set_problem(1, "truncated")
    assert project.images.add_rows([("b.jpg", None), ("c.jpg", "val")]) == 1
    assert project.images.get("b.jpg") == ImageInfo(1, "b.jpg", "train", 640, 480, "accepted", "truncated")
    assert project.images.add(["b.jpg"], "val") == 0
    assert project.images.get("b.jpg").split == "val"
    assert [i.path for i in project.images.with_problem()] == ["b.jpg"]
    project.images.set_problem(1, None)
    assert list(project.images.with_problem()) == []


def test_pages_follow_the_order_of_adding(project: Project) -> None:
    project.images.add((f"{i}.jpg" for i in range(25)), "train")
    project.images.add((f"v{i}.jpg" for i in range(5)), "val")
    project.images.add(["loose.jpg"])
    assert [len(page) for page in project.images.pages(size=10)] == [10, 10, 10, 1]
    assert [len(page) for page in project.images.pages("train", size=5)] == [5] * 5
    assert [i.path for i in project.images.iter("val")] == [f"v{i}.jpg" for i in range(5)]
    assert (project.images.count(), project.images.count("val")) == (31, 5)
    assert project.images.splits() == {"train": 25, "val": 5}
    project.images.set_split(31, "val")
    assert project.images.count("val") == 6
    assert [i.path for i in project.images.by_ids([3, 999, 1])] == ["2.jpg", "0.jpg"]
    assert project.images.ids_of(["2.jpg", "none.jpg"]) == {"2.jpg": 3}


def test_an_unknown_split_is_told_with_those_there_are(project: Project) -> None:
    project.images.add(["a.jpg"])
    with pytest.raises(ProjectError, match="its images have no splits"):
        project.images.count("train")
    project.images.add(["b.jpg"], "train")
    with pytest.raises(ProjectError, match=r"no split 'tran': there are train"):
        project.images.iter("tran")


def test_wrong_images_are_refused_whole(project: Project) -> None:
    with pytest.raises(ProjectError, match="is no image"):
        project.images.add(["a.jpg", "../b.jpg"])
    assert project.images.count() == 0
    with pytest.raises(ProjectError, match=r"no image a\.jpg"):
        project.images.get("a.jpg")
    with pytest.raises(ProjectError, match="no image number 5"):
        project.images.set_split(5, "train")
    with pytest.raises(ValueError, match="review"):
        project.images.set_review(1, "liked")  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_images_need_little_time_and_memory(project: Project, count: int) -> None:
    start = time.monotonic()
    assert project.images.add(f"folder/{i:06d}.jpg" for i in range(count)) == count
    run = project.runs.create(None, "cam", {})
    project.maps.record_many((run.id, i, "cams", "f", f"{i}", None) for i in range(1, count - 9_999))
    tracemalloc.start()
    try:
        assert sum(1 for _ in project.images.iter()) == count
        todo = project.maps.todo(run.id, "cams", "f")
        assert next(todo).id == count - 9_999
        assert sum(1 for _ in todo) == 9_999
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5e6 * count / 100_000
    assert time.monotonic() - start < 60
