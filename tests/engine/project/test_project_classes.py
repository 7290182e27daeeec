from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest

from fbr_engine.errors import ProjectError
from fbr_engine.formats.classes_txt import load_classes_txt, save_classes_txt
from fbr_engine.project import Project
from fbr_engine.project.classes import clean_class_name


def test_classes_keep_order_ids_and_names(project: Project) -> None:
    added = project.classes.add(["dog", " cat ", "dog"])
    assert [(c.id, c.name, c.position, c.learnt) for c in added] == [(1, "dog", 0, True), (2, "cat", 1, True)]
    (again, bird) = project.classes.add(["cat", "bird"], learnt=False)
    assert (again.id, again.learnt) == (2, True)
    assert (bird.id, bird.position, bird.learnt) == (3, 2, False)
    assert [c.name for c in project.classes.learnt()] == ["dog", "cat"]
    project.classes.set_learnt(["bird"])
    assert [c.name for c in project.classes.learnt()] == ["bird"]
    project.classes.set_order(["bird", "cat"])
    assert [(c.id, c.name) for c in project.classes.all()] == [(3, "bird"), (2, "cat"), (1, "dog")]
    assert project.classes.by_name()["dog"].id == 1


def test_one_name_in_two_unicode_forms_is_one_class(project: Project) -> None:
    assert len({c.id for c in project.classes.add(["caf\u00e9", "cafe\u0301"])}) == 1
    assert project.classes.get("cafe\u0301").name == "caf\u00e9"


@pytest.mark.parametrize(
    "name", ["", "  ", "a;b", "a\nb", "background", "Background", "\x1b[2J", "x" * 201, ":smile", " ,x"]
)
def test_names_no_class_can_have(project: Project, name: str) -> None:
    with pytest.raises(ProjectError):
        project.classes.add(["fine", name])
    assert project.classes.all() == []


def test_a_name_that_is_allowed_comes_back_from_classes_txt(tmp_path: Path) -> None:
    refused = set()
    for sign in string.punctuation:
        try:
            names = {1: clean_class_name(f"{sign}x"), 2: clean_class_name(f"x{sign}"), 3: clean_class_name(f"1 {sign}")}
        except ProjectError:
            refused.add(sign)
        else:
            save_classes_txt(tmp_path / "classes.txt", names)
            assert load_classes_txt(tmp_path / "classes.txt") == names
    assert refused == set(":,;")
    with pytest.raises(ProjectError, match="':smile': it may not begin with ':' or ',', rename it"):
        clean_class_name(":smile")


def test_an_unknown_class_is_told_with_those_there_are(project: Project) -> None:
    with pytest.raises(ProjectError, match="no classes yet"):
        project.classes.get("cow")
    project.classes.add(["dog", "cat"])
    with pytest.raises(ProjectError, match=r"no class 'cow': there are dog, cat"):
        project.classes.set_learnt(["dog", "cow"])
    assert len(project.classes.learnt()) == 2


def test_a_mask_holds_254_classes_and_no_id_is_used_again(project: Project) -> None:
    project.classes.add(map(str, range(250)))
    with project.database.transaction() as connection:
        connection.execute("DELETE FROM class WHERE id > 240")
    (later,) = project.classes.add(["later"])
    assert later.id == 251
    with pytest.raises(ProjectError, match="255 classes, but a mask holds 254"):
        project.classes.add(["a", "b", "c", "d"])
    assert [c.id for c in project.classes.add(["a", "b", "c"])] == [252, 253, 254]


def tagged(project: Project) -> None:
    """Four images: cat and kitten, only kitten, neither, unknown; kitten is by the model."""
    project.images.add(["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    project.classes.add(["cat", "kitten", "dog"])
    project.tags.set_many([(1, 1, 1), (2, 1, 0), (3, 1, 0)])
    project.tags.set_many([(1, 2, 1), (2, 2, 1), (3, 2, 0), (4, 2, 0)], source="model")


def painted(project: Project, image_id: int) -> list[int]:
    found = project.person_masks.load(image_id)
    assert found is not None
    return found.classes[0].tolist()


def paint(project: Project, image_id: int, values: list[int]) -> None:
    row = np.array([values], np.uint8)
    project.person_masks.save(image_id, row, row.astype(np.uint16), row)


def test_a_class_gets_another_name(project: Project) -> None:
    tagged(project)
    renamed = project.classes.rename("cat", " Katze ")
    assert (renamed.id, renamed.name, renamed.position) == (1, "Katze", 0)
    assert project.tags.of(1) == {1: 1, 2: 1}
    assert project.classes.rename("Katze", "katze").name == "katze"
    assert project.classes.rename("katze", "katze").id == 1
    with pytest.raises(ProjectError, match="has a class 'dog' already: merge the two instead"):
        project.classes.rename("katze", "dog")
    for bad in ("", "background", "a;b"):
        with pytest.raises(ProjectError):
            project.classes.rename("katze", bad)
    with pytest.raises(ProjectError, match="no class 'cat'"):
        project.classes.rename("cat", "cow")
    project.classes.rename("dog", "cafe\u0301")
    with pytest.raises(ProjectError, match="already"):
        project.classes.rename("kitten", "caf\u00e9")


def test_merging_unites_tags_and_keeps_masks(project: Project) -> None:
    tagged(project)
    run = project.runs.create("r", "cam", {})
    project.maps.record_many((run.id, i, "masks", "f", "x", None) for i in range(1, 5))
    paint(project, 1, [0, 1, 2, 3, 255])
    assert project.classes.merge("kitten", "cat").id == 1
    assert [c.name for c in project.classes.all()] == ["cat", "dog"]
    assert [project.tags.of(i) for i in range(1, 5)] == [{1: 1}, {1: 1}, {1: 0}, {1: 0}]
    sources = project.database.rows("SELECT source FROM tag WHERE class_id = 1 ORDER BY image_id")
    assert [row[0] for row in sources] == [0, 2, 0, 2]
    assert painted(project, 1) == [0, 1, 1, 3, 255]
    assert project.maps.count_done(run.id, "masks") == 4
    assert project.classes.add(["kitten"])[0].id == 4
    project.classes.merge("cat", "dog")
    assert painted(project, 1) == [0, 3, 3, 3, 255]
    assert project.classes.aliases() == {1: 3, 2: 3}
    paint(project, 1, [3, 4, 0, 0, 0])
    project.classes.delete("dog")
    assert painted(project, 1) == [0, 4, 0, 0, 0]
    assert project.classes.aliases() == {1: 0, 2: 0, 3: 0}


def test_deleting_makes_background_of_a_class(project: Project) -> None:
    tagged(project)
    paint(project, 2, [2, 1, 0])
    project.classes.delete("kitten")
    assert painted(project, 2) == [0, 1, 0]
    assert project.tags.of(2) == {1: 0}
    assert [c.name for c in project.classes.all()] == ["cat", "dog"]
    with pytest.raises(ProjectError, match="no class 'kitten'"):
        project.classes.delete("kitten")


def test_what_cannot_be_merged_changes_nothing(project: Project) -> None:
    tagged(project)
    before = project.database.rows("SELECT * FROM tag")
    with pytest.raises(ProjectError, match="into itself"):
        project.classes.merge("cat", "cat")
    with pytest.raises(ProjectError, match="no class 'cow'"):
        project.classes.merge("cat", "cow")
    with project.database.transaction() as connection:
        connection.execute(
            "CREATE TRIGGER fail BEFORE INSERT ON class_alias BEGIN SELECT RAISE(ABORT, 'the power went'); END"
        )
    with pytest.raises(ProjectError, match="the power went"):
        project.classes.merge("kitten", "cat")
    assert project.database.rows("SELECT * FROM tag") == before
    assert len(project.classes.all()) == 3
    with project.database.transaction() as connection:
        connection.execute("DROP TRIGGER fail")
    project.classes.merge("kitten", "cat")
