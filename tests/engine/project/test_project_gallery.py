from __future__ import annotations

import time
from typing import get_args

import numpy as np
import pytest

from fbr_engine.project import ABSENT, PRESENT, ImageFilter, Project
from fbr_engine.project.gallery import State

PATHS = ["Zoo/a_1.jpg", "zoo/b.jpg", "a%.jpg", "\u00c9t\u00e9.jpg", "x10.jpg"]


@pytest.fixture
def filled(project: Project) -> Project:
    """Numbers 1..5: cat; nothing of both; unknown; dog and a tag that is not learnt; dog known to be absent."""
    project.images.add(PATHS, "train")
    project.images.set_split(5, "val")
    project.classes.add(["cat", "dog"])
    project.classes.add(["old"], learnt=False)
    project.tags.set_many([(1, 1, PRESENT), (1, 2, ABSENT), (2, 1, ABSENT), (2, 2, ABSENT)])
    project.tags.set_many([(4, 2, PRESENT), (4, 3, PRESENT), (5, 2, ABSENT), (3, 3, ABSENT)])
    project.images.set_review(1, "accepted")
    project.images.set_review(2, "rejected")
    project.images.set_problem(5, "broken")
    empty = np.zeros((4, 4), np.uint8)
    project.person_masks.save(4, empty, empty.astype(np.uint16), empty)
    return project


def ids(project: Project, **wanted: object) -> list[int]:
    return project.gallery.ids(ImageFilter(**wanted)).tolist()  # type: ignore[arg-type]


def test_texts_are_found_in_any_case_and_mean_themselves(filled: Project) -> None:
    assert ids(filled, text="ZOO/") == [1, 2]
    assert ids(filled, text="_") == [1]
    assert ids(filled, text="%") == [3]
    assert ids(filled, text="\\") == []
    assert ids(filled, text="\u00e9T\u00c9") == [4]
    assert ids(filled, text="e\u0301te\u0301") == [4]


def test_splits_and_tags_narrow(filled: Project) -> None:
    assert ids(filled) == [1, 2, 3, 4, 5]
    assert ids(filled, split="val") == [5]
    assert ids(filled, present=(2,)) == [4]
    assert ids(filled, present=(2, 3)) == [4]
    assert ids(filled, present=(1, 2)) == []
    assert ids(filled, unknown=(1,)) == [3, 4, 5]
    assert ids(filled, unknown=(1, 2)) == [3]
    assert ids(filled, present=(2,), split="val") == []


def test_states(filled: Project) -> None:
    wanted = {
        "all": [1, 2, 3, 4, 5],
        "untagged": [3],
        "tagged": [1, 2, 4, 5],
        "empty": [2],
        "accepted": [1],
        "rejected": [2],
        "new": [3, 4, 5],
        "problem": [5],
        "corrected": [4],
    }
    assert set(wanted) == set(get_args(State))
    for state, found in wanted.items():
        assert ids(filled, state=state) == found, state
    assert filled.gallery.state_counts() == {state: len(found) for state, found in wanted.items()}


def test_orders(filled: Project) -> None:
    def ordered(order: str) -> list[int]:
        return filled.gallery.ids(ImageFilter(), order).tolist()  # type: ignore[arg-type]

    assert ordered("added") == [1, 2, 3, 4, 5]
    assert ordered("recent") == [5, 4, 3, 2, 1]
    assert ordered("name") == [3, 5, 1, 2, 4]
    assert ordered("name_desc") == [4, 2, 1, 5, 3]
    assert filled.gallery.ids(ImageFilter(text="nothing")).dtype == np.int64


def test_cells_come_in_the_order_asked_for(filled: Project) -> None:
    cells = filled.gallery.cells(np.array([4, 99, 1, 3]))
    assert [cell.id for cell in cells] == [4, 1, 3]
    dog, cat, unknown = cells
    assert (dog.present, dog.known, dog.corrected) == ((2, 3), 1, True)
    assert (cat.path, cat.present, cat.known, cat.corrected) == ("Zoo/a_1.jpg", (1,), 2, False)
    assert (cat.review, cat.problem, cat.split) == ("accepted", None, "train")
    assert (unknown.present, unknown.known) == ((), 0)
    filled.classes.set_order(["old"])
    assert filled.gallery.cells([4])[0].present == (3, 2)
    assert filled.gallery.cells([]) == []


def test_counts_of_tags_within_a_filter(filled: Project) -> None:
    assert filled.gallery.tag_counts(ImageFilter()) == {1: 1, 2: 1, 3: 1}
    assert filled.gallery.tag_counts(ImageFilter(present=(2,))) == {1: 0, 2: 1, 3: 1}
    assert filled.gallery.tag_counts(ImageFilter(split="val")) == {1: 0, 2: 0, 3: 0}


def test_a_project_without_classes(project: Project) -> None:
    project.images.add(["a.jpg"])
    assert ids(project, state="untagged") == [1]
    assert ids(project, state="empty") == []
    assert project.gallery.state_counts()["untagged"] == 1
    assert project.gallery.tag_counts(ImageFilter()) == {}


@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_images(project: Project, count: int) -> None:
    classes = 5
    project.images.add(f"folder{i % 97}/photo{i:06}.jpg" for i in range(count))
    project.classes.add(map(str, range(classes)))
    with project.database.transaction() as connection:
        connection.execute(
            "INSERT INTO tag SELECT image.id, class.id, (image.id * 7 + class.id) % 9 = 0, 1 "
            "FROM image CROSS JOIN class WHERE image.id % 4 <> 0"
        )
    slowest = {}
    for wanted in (
        ImageFilter(),
        ImageFilter(text="PHOTO0123"),
        ImageFilter(present=(3,), text="folder5"),
        *(ImageFilter(state=state) for state in get_args(State)),
    ):
        began = time.perf_counter()
        found = project.gallery.ids(wanted, "name")
        slowest[str(wanted)] = time.perf_counter() - began
    assert max(slowest.values()) < 1.5, slowest  # 0.3 s for the most on an idle machine
    began = time.perf_counter()
    cells = project.gallery.cells(found[:200] if len(found) else range(10_000, 10_200))
    assert len(cells) == 200
    assert time.perf_counter() - began < 0.1
    began = time.perf_counter()
    states = project.gallery.state_counts()
    project.gallery.tag_counts(ImageFilter(state="tagged"))
    assert time.perf_counter() - began < 3
    assert states["untagged"] == count // 4
