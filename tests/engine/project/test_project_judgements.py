"""What people said about concepts is kept, taken back, and stays right when classes change."""

from __future__ import annotations

import contextlib
import sqlite3

import numpy as np
import pytest

from fbr_engine.errors import ProjectError
from fbr_engine.project import Project
from fbr_engine.project.schema import MIGRATIONS, migrate

PIXELS = np.eye(4, 5, dtype=np.bool_)


@pytest.fixture
def ready(project: Project) -> Project:
    project.images.add(["a.jpg", "b.jpg"])
    project.classes.add(["cat", "kitten", "dog"])
    project.runs.update(project.runs.create("r", "cam", {}).id, status="done")
    return project


def add(project: Project, verdict: str = "background", class_id: int | None = 1, concept: int = 7) -> int:
    return project.judgements.add(verdict, class_id, 1, concept, [(2, PIXELS), (1, ~PIXELS)], "Ada").id


def test_a_judgement_comes_back_as_it_was_made(ready: Project) -> None:
    found = ready.judgements.get(add(ready))
    assert (found.id, found.who, found.verdict, found.class_id, found.run, found.concept) == (
        *(1, "Ada", "background", 1, "r", 7),
    )
    assert found.created.endswith("+00:00")
    assert found.withdrawn is None
    first, second = found.exemplars()
    assert (first.image_id, second.image_id) == (2, 1)
    assert np.array_equal(first.pixels, PIXELS)
    assert np.array_equal(second.pixels, ~PIXELS)
    assert ready.judgements.get(add(ready, "skip", None)).class_id is None


def test_taking_back_and_restoring(ready: Project) -> None:
    first, second = add(ready), add(ready, "object")
    when = ready.judgements.withdraw(first).withdrawn
    assert when
    assert ready.judgements.withdraw(first).withdrawn == when
    assert [j.id for j in ready.judgements.all()] == [second]
    assert [j.id for j in ready.judgements.all(standing=False)] == [first, second]
    assert ready.judgements.restore(first).withdrawn is None
    assert [j.id for j in ready.judgements.all()] == [first, second]
    for act in (ready.judgements.get, ready.judgements.withdraw, ready.judgements.restore):
        with pytest.raises(ProjectError, match="has no judgement 9: fbr-engine judgements PROJECT lists them"):
            act(9)


def test_what_cannot_be_said(ready: Project) -> None:
    with pytest.raises(ValueError, match="maybe"):
        add(ready, "maybe")
    with pytest.raises(ProjectError):
        add(ready, class_id=77)
    assert ready.judgements.all() == []


def test_a_judgement_outlives_its_run_and_follows_its_name(ready: Project) -> None:
    made = add(ready)
    ready.judgements.name(1, 7, "grass")
    ready.runs.rename("r", "s")
    assert ready.judgements.get(made).run == "s"
    ready.runs.delete("s")
    found = ready.judgements.get(made)
    assert (found.run, found.run_id, len(found.exemplars())) == (None, None, 2)
    assert ready.judgements.names(1) == {}


def test_a_merged_class_takes_its_judgements_along(ready: Project) -> None:
    made, everywhere, other = add(ready, class_id=2), add(ready, class_id=None), add(ready, class_id=3)
    ready.classes.merge("kitten", "cat")
    assert [ready.judgements.get(i).class_id for i in (made, everywhere, other)] == [1, None, 3]
    assert len(ready.judgements.all()) == 3


def test_what_is_part_of_one_of_two_merged_classes_is_no_background_of_the_other(ready: Project) -> None:
    wrong, right = add(ready, "background", 2), add(ready, "object", 1)
    elsewhere, dog = add(ready, "background", 2, concept=8), add(ready, "background", 3)
    ready.classes.merge("kitten", "cat")
    assert ready.judgements.get(wrong).withdrawn
    assert [j.id for j in ready.judgements.all()] == [right, elsewhere, dog]


def test_a_deleted_class_takes_its_judgements_with_it(ready: Project) -> None:
    add(ready, class_id=2)
    kept = [add(ready, class_id=None), add(ready, class_id=1)]
    ready.classes.delete("kitten")
    assert [j.id for j in ready.judgements.all(standing=False)] == kept


def test_concepts_have_names(ready: Project) -> None:
    assert ready.judgements.name(1, 7, "  tall   grass ") == "tall grass"
    ready.judgements.name(1, 7, "meadow")
    ready.judgements.name(1, 9, "sky")
    assert ready.judgements.names(1) == {7: "meadow", 9: "sky"}
    ready.judgements.name(1, 7, " ")
    assert ready.judgements.names(1) == {9: "sky"}
    for bad in ("x" * 201, "\x1b[2J"):
        with pytest.raises(ProjectError, match="cannot be named"):
            ready.judgements.name(1, 7, bad)


def test_broken_pixels_are_told_with_the_remedy(ready: Project) -> None:
    made = add(ready)
    for broken in ("no json", '[{"image": 1}]', '[{"image": 1, "size": [99999, 99999], "counts": "0"}]'):
        with ready.database.transaction() as connection:
            connection.execute("UPDATE judgement SET exemplars = ?", (broken,))
        with pytest.raises(ProjectError, match=f"judgement {made} is recorded with broken pixels .*take it back"):
            ready.judgements.get(made).exemplars()


def test_a_project_of_version_2_can_be_judged(project: Project) -> None:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as old:
        migrate(old, MIGRATIONS[:2])
        old.execute("INSERT INTO image (path, review) VALUES ('a.jpg', 'accepted')")
        old.execute("INSERT INTO class (name, position, learnt) VALUES ('cat', 0, 1)")
        old.execute("INSERT INTO setting VALUES ('images', '../images')")
        old.execute(
            "INSERT INTO run (name, method, status, created, config, figures) "
            "VALUES ('r', 'cam', 'done', '', '{}', '{}')"
        )
        old.execute("INSERT INTO map VALUES (1, 'masks', 1, 'f', 'x', NULL)")
        project.close()
        path = project.folder / "project.sqlite"
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as file:
            old.backup(file)
    with pytest.raises(ProjectError, match=r"older version \(schema 2\): open it for writing once"):
        Project.open(project.folder)
    with Project.open(project.folder, write=True) as opened:
        assert opened.maps.count_done(1, "masks") == 1
        assert opened.judgements.all() == []
        assert opened.judgements.add("background", 1, 1, 7, [(1, PIXELS)], "Ada").run == "r"
    with Project.open(project.folder) as reader:
        assert len(reader.judgements.all()) == 1
