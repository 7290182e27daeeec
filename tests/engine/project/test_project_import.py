from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fbr_engine.errors import ProjectError
from fbr_engine.formats.tags_csv import TagRow, TagTable
from fbr_engine.project import ABSENT, PRESENT, Project, import_folders, import_table

Touch = Callable[..., None]


def table(*rows: tuple[str, str | None, str]) -> TagTable:
    return TagTable([TagRow(image, split, tuple(tags.split())) for image, split, tags in rows], True)


def tags(project: Project) -> dict[str, dict[str, int]]:
    names = {found.id: found.name for found in project.classes.all()}
    return {
        image.path: {names[i]: value for i, value in project.tags.of(image.id).items()}
        for image in project.images.iter()
    }


def test_a_table_gives_images_splits_and_tags(project: Project, touch: Touch) -> None:
    touch("a.jpg", "sub/b.jpg", "c.gif", "extra.jpg", "d.jpg")
    report = import_table(
        project,
        table(("a.jpg", "train", "dog cat"), ("sub/b.jpg", "val", ""), ("c.gif", None, "tree"), ("x.jpg", None, "cow")),
    )
    assert tags(project) == {
        "a.jpg": {"cat": 1, "cow": 0, "dog": 1, "tree": 0},
        "sub/b.jpg": {"cat": 0, "cow": 0, "dog": 0, "tree": 0},
        "c.gif": {"cat": 0, "cow": 0, "dog": 0, "tree": 1},
    }
    assert [c.name for c in project.classes.learnt()] == ["cat", "cow", "dog", "tree"]
    assert (report.added, report.images, report.tagged) == (3, 3, 3)
    assert report.classes == {"cat": 1, "cow": 0, "dog": 1, "tree": 1}
    assert (report.missing, report.missing_count, report.unlisted) == (("x.jpg",), 1, 2)
    assert report.splits == {"train": 1, "val": 1} == project.images.splits()


def test_named_classes_are_learnt_in_their_order_and_others_kept(project: Project, touch: Touch) -> None:
    touch("a.jpg", "b.jpg")
    report = import_table(project, table(("a.jpg", None, "cat dog"), ("b.jpg", None, "ant")), ["dog", "ant"])
    assert [(c.id, c.name, c.learnt) for c in project.classes.all()] == [
        (1, "dog", True),
        (2, "ant", True),
        (3, "cat", False),
    ]
    assert (report.classes, report.ignored) == ({"dog": 1, "ant": 1}, {"cat": 1})
    assert tags(project)["b.jpg"] == {"dog": 0, "ant": 1, "cat": 0}


def test_a_class_that_occurs_nowhere_stops_the_import(project: Project, touch: Touch) -> None:
    touch("a.jpg")
    with pytest.raises(ProjectError, match=r"tagged cow: there are cat, dog"):
        import_table(project, table(("a.jpg", None, "dog cat")), ["dog", "cow"])
    assert project.images.count() == 0
    assert project.classes.all() == []


def test_a_second_import_keeps_what_a_person_said(project: Project, touch: Touch) -> None:
    touch("a.jpg", "b.jpg")
    import_table(project, table(("a.jpg", "train", "dog")))
    dog = project.classes.get("dog").id
    project.tags.set(1, dog, ABSENT)
    report = import_table(project, table(("a.jpg", None, "dog"), ("b.jpg", None, "dog cat")))
    assert (report.added, report.images) == (1, 2)
    assert tags(project) == {"a.jpg": {"dog": 0, "cat": 0}, "b.jpg": {"dog": PRESENT, "cat": PRESENT}}
    assert project.images.get("a.jpg").split == "train"


def test_the_tag_background_is_none_of_the_classes(project: Project, touch: Touch) -> None:
    touch("a.jpg", "b.jpg")
    report = import_table(project, table(("a.jpg", None, "background dog"), ("b.jpg", None, "background")))
    assert tags(project) == {"a.jpg": {"dog": 1}, "b.jpg": {"dog": 0}}
    assert "2 images" in report.notes[0]


def test_if_all_images_are_missing_the_right_folder_is_offered(tmp_path: Path, images: Path, touch: Touch) -> None:
    touch("JPEGImages/a.jpg")
    rows = table(("JPEGImages/a.jpg", None, "dog"))
    for folder in (images / "JPEGImages", tmp_path):
        with Project.create(tmp_path / "p", folder) as project:
            with pytest.raises(ProjectError, match=rf"none of the 1 listed .* try --images {images}$"):
                import_table(project, rows)
            project.discard()
    with Project.create(tmp_path / "p", images) as project:
        with pytest.raises(ProjectError, match=r"the first is nowhere\.jpg"):
            import_table(project, table(("nowhere.jpg", None, ""), ("x" * 5000, None, "")))
        with pytest.raises(ProjectError, match="lists no images"):
            import_table(project, TagTable([], False))


def test_only_the_first_missing_names_are_kept(project: Project, touch: Touch) -> None:
    touch("a.jpg")
    report = import_table(project, table(("a.jpg", None, "x"), *((f"{i}.jpg", None, "x") for i in range(500))))
    assert report.missing == tuple(f"{i}.jpg" for i in range(20))
    assert report.missing_count == 500


@pytest.mark.skipif(sys.platform != "linux", reason="file systems there do not keep bytes")
def test_names_in_other_spellings_are_found(project: Project, touch: Touch) -> None:
    touch("cafe\u0301.jpg", os.fsdecode(b"\xff.jpg"), "a%25.jpg")
    report = import_table(project, table(("caf\u00e9.jpg", None, "x"), ("%FF.jpg", None, "x"), ("a%25.jpg", None, "x")))
    assert (report.images, report.unlisted, report.missing_count) == (3, 0, 0)
    assert [i.path for i in project.images.iter()] == ["cafe\u0301.jpg", "%FF.jpg", "a%2525.jpg"]
    assert all(project.image_path(i.path).is_file() for i in project.images.iter())


def test_too_many_tags_change_nothing(project: Project, touch: Touch) -> None:
    touch("a.jpg")
    with pytest.raises(ProjectError, match="300 classes"):
        import_table(project, table(("a.jpg", None, " ".join(f"c{i}" for i in range(300)))))
    assert project.images.count() == 0


def test_folders_name_classes_and_splits(project: Project, touch: Touch) -> None:
    touch(
        *("images/train/dog/1.jpg", "images/train/cat/deep/2.jpg", "Validation/dog/3.jpg"),
        *("background/4.jpg", "5.jpg", "images/6.jpg"),
    )
    report = import_folders(project)
    assert tags(project) == {
        "5.jpg": {},
        "Validation/dog/3.jpg": {"cat": 0, "dog": 1},
        "background/4.jpg": {"cat": 0, "dog": 0},
        "images/6.jpg": {},
        "images/train/cat/deep/2.jpg": {"cat": 1, "dog": 0},
        "images/train/dog/1.jpg": {"cat": 0, "dog": 1},
    }
    assert project.images.splits() == {"train": 2, "val": 1} == report.splits
    assert (report.images, report.tagged, report.classes) == (6, 4, {"cat": 1, "dog": 2})
    assert any("2 images" in note and "untagged" in note for note in report.notes)


@pytest.mark.parametrize("root", ["", "images/", "val/"])
def test_a_class_may_be_named_like_a_split(project: Project, touch: Touch, root: str) -> None:
    touch(*(f"{root}{name}" for name in ("boat/1.jpg", "train/2.jpg", "sheep/3.jpg", "background/4.jpg")))
    report = import_folders(project)
    assert report.classes == {"boat": 1, "sheep": 1, "train": 1}
    assert tags(project)[f"{root}train/2.jpg"] == {"boat": 0, "sheep": 0, "train": 1}
    assert report.splits == ({"val": 4} if root == "val/" else {})
    told = [note for note in report.notes if f"{root}train is taken for a class" in note]
    assert len(told) == (0 if root == "val/" else 1)


@pytest.mark.parametrize(
    "names",
    [
        ("train/cat/1.jpg", "dog/2.jpg"),
        ("train/1.jpg", "train/cat/2.jpg", "dog/3.jpg"),
        ("train/1.jpg", "val/2.jpg", "extra/3.jpg"),
        ("train/1.jpg", "images/2.jpg", "extra/3.jpg"),
        ("train/1.jpg", "2.jpg"),
        ("train/1.jpg", "notes/readme.txt", "masks/1.png", "background/2.jpg"),
        ("train/1.jpg", "p/project.sqlite", "p/runs/a/masks/1.jpg.png", ".hidden/1.jpg"),
    ],
)
def test_a_split_stays_a_split(project: Project, touch: Touch, names: tuple[str, ...]) -> None:
    touch(*names)
    report = import_folders(project)
    assert report.splits["train"] == sum(name.startswith("train/") for name in names)
    assert "train" not in report.classes
    assert not any("is taken for a class" in note for note in report.notes)


def test_folders_can_be_limited_to_classes(project: Project, touch: Touch) -> None:
    touch("dog/1.jpg", "cat/2.jpg", "ant/3.jpg")
    with pytest.raises(ProjectError, match="tagged cow: there are ant, cat, dog"):
        import_folders(project, ["cow"])
    report = import_folders(project, ["dog", "cat"])
    assert (report.classes, report.ignored) == ({"dog": 1, "cat": 1}, {"ant": 1})
    assert [c.name for c in project.classes.learnt()] == ["dog", "cat"]


def test_a_flat_folder_has_no_tags_and_the_report_says_what_to_do(project: Project, touch: Touch) -> None:
    touch("1.jpg", "2.png")
    report = import_folders(project)
    assert (report.images, report.tagged, report.classes) == (2, 0, {})
    assert "--tags" in report.notes[0]


def test_masks_beside_images_are_no_images(project: Project, touch: Touch) -> None:
    touch("JPEGImages/1.jpg", "SegmentationClass/1.png", "masks/1.png")
    report = import_folders(project)
    assert [i.path for i in project.images.iter()] == ["JPEGImages/1.jpg"]
    assert any("2 files in folders of masks" in note for note in report.notes)


def test_masks_alone_are_a_class(project: Project, touch: Touch) -> None:
    touch("masks/1.jpg", "faces/2.jpg")
    assert import_folders(project).classes == {"faces": 1, "masks": 1}


def test_a_folder_without_images_is_told(project: Project, touch: Touch, images: Path) -> None:
    touch("notes.txt")
    with pytest.raises(ProjectError, match=rf"{images} holds no images \(jpg, jpeg, png, bmp, tif, tiff, webp\)"):
        import_folders(project, ["dog"])


def test_a_folder_no_class_can_be_named_by_is_told(project: Project, touch: Touch) -> None:
    touch("a;b/1.jpg")
    with pytest.raises(ProjectError, match="cannot be named 'a;b'"):
        import_folders(project)
    assert project.images.count() == 0


def test_a_row_without_tags_is_empty_of_all_learnt_classes(project: Project, touch: Touch) -> None:
    touch("a.jpg", "b.jpg", "c.jpg")
    import_table(project, table(("a.jpg", None, "dog cat")))
    project.classes.add(["kept"], learnt=False)
    import_table(project, table(("b.jpg", None, ""), ("c.jpg", None, "cow")))
    found = tags(project)
    assert found["b.jpg"] == {"cat": 0, "dog": 0, "cow": 0}
    assert found["c.jpg"] == {"cow": 1}
    assert project.gallery.state_counts()["empty"] == 1


def test_an_image_that_has_a_tag_by_a_person_is_not_made_empty(project: Project, touch: Touch) -> None:
    touch("a.jpg", "b.jpg")
    import_table(project, table(("a.jpg", None, "dog")))
    project.tags.set(1, project.classes.get("dog").id, PRESENT)
    import_table(project, table(("a.jpg", None, ""), ("b.jpg", None, "dog")))
    assert tags(project)["a.jpg"] == {"dog": 1}


def test_confirmed_empty_images_stay_so_when_an_import_adds_classes(project: Project, touch: Touch) -> None:
    touch("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    import_table(project, table(("a.jpg", None, "dog"), ("b.jpg", None, ""), ("c.jpg", None, "")))
    import_table(project, table(("c.jpg", None, "cow"), ("d.jpg", None, "dog")))
    found = tags(project)
    assert found["a.jpg"] == {"dog": 1}
    assert found["b.jpg"] == {"dog": 0, "cow": 0}
    assert found["c.jpg"] == {"dog": 0, "cow": 1}
    assert project.gallery.state_counts()["empty"] == 1


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (("1.jpg", "2.jpg", "sub/3.jpg"), []),
        (("1.jpg", "sub/2.jpg", "sub/3.jpg", "sub/4.jpg"), []),
        (("1.jpg", "2.jpg", "cat/3.jpg", "dog/4.jpg"), []),
        (("images/1.jpg", "images/sub/2.jpg", "images/sub/3.jpg"), []),
        (("1.jpg", "cat/2.jpg", "dog/3.jpg"), ["cat", "dog"]),
        (("1.jpg", "cat/2.jpg", "background/3.jpg"), ["cat"]),
        (("cat/1.jpg",), ["cat"]),
        (("1.jpg", "background/2.jpg"), []),
        (("images/1.jpg", "masks/1.png", "masks/2.png", "masks/3.png"), []),
    ],
)
def test_beside_loose_images_only_several_full_folders_are_classes(
    project: Project, touch: Touch, names: tuple[str, ...], classes: list[str]
) -> None:
    touch(*names)
    report = import_folders(project)
    assert sorted(report.classes) == classes
    assert bool(report.tagged) == bool(classes)


def test_folders_not_taken_for_classes_are_told_and_can_be_named(project: Project, touch: Touch) -> None:
    touch(*(f"{i}.jpg" for i in range(30)), "sub/a.jpg", "sub/b.jpg")
    report = import_folders(project)
    assert (report.images, report.tagged, report.classes) == (32, 0, {})
    assert "folders were not taken for classes (sub), for 30 images" in report.notes[0]
    assert "use --classes NAME" in report.notes[0]
    report = import_folders(project, ["sub"])
    assert report.classes == {"sub": 2}
    assert tags(project)["sub/a.jpg"] == {"sub": 1}
    assert tags(project)["1.jpg"] == {}
