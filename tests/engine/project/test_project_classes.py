from __future__ import annotations

import string
from pathlib import Path

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
