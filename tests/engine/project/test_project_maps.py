from __future__ import annotations

import pytest

from fbr_engine.project import MapInfo, Project


@pytest.fixture
def run_id(project: Project) -> int:
    project.images.add((f"{i}.jpg" for i in range(1, 5)), "train")
    project.images.add(["5.jpg"], "val")
    return project.runs.create("a", "cam", {}).id


def todo(project: Project, *arguments: object, **options: str) -> list[int]:
    found = [image.id for image in project.maps.todo(*arguments, **options)]  # type: ignore[arg-type]
    assert project.maps.count_todo(*arguments, **options) == len(found)  # type: ignore[arg-type]
    return found


def test_what_is_recorded_is_not_done_again(project: Project, run_id: int) -> None:
    maps = project.maps
    maps.record(run_id, 2, "cams", "f1", "runs/a/cams/2.jpg.npz", {"threshold": 0.3})
    assert todo(project, run_id, "cams", "f1") == [1, 3, 4, 5]
    assert todo(project, run_id, "cams", "f1", "val") == [5]
    assert todo(project, run_id, "cams", "f2") == [1, 2, 3, 4, 5]
    assert todo(project, run_id, "masks", "f1") == [1, 2, 3, 4, 5]
    assert todo(project, run_id, "masks", "f1", needs="cams") == [2]
    project.images.set_problem(1, "truncated")
    assert todo(project, run_id, "cams", "f1") == [3, 4, 5]
    assert maps.get(run_id, 2, "cams") == MapInfo("runs/a/cams/2.jpg.npz", "f1", {"threshold": 0.3})
    maps.record(run_id, 2, "cams", "f2", "elsewhere")
    assert maps.get(run_id, 2, "cams") == MapInfo("elsewhere", "f2", {})
    assert maps.get(run_id, 3, "cams") is None


def test_recording_while_the_list_is_read(project: Project, run_id: int) -> None:
    for image in project.maps.todo(run_id, "cams", "f"):
        project.maps.record(run_id, image.id, "cams", "f", str(image.id))
    assert project.maps.count_todo(run_id, "cams", "f") == 0


def test_done_gives_images_with_places(project: Project, run_id: int) -> None:
    project.maps.record_many((run_id, i, "cams", f"f{i % 2}", f"at {i}", {"i": i}) for i in (5, 1, 2))
    found = [(image.path, location, extra) for image, location, extra in project.maps.done(run_id, "cams")]
    assert found == [("1.jpg", "at 1", {"i": 1}), ("2.jpg", "at 2", {"i": 2}), ("5.jpg", "at 5", {"i": 5})]
    assert [image.id for image, *_ in project.maps.done(run_id, "cams", "train")] == [1, 2]
    assert [image.id for image, *_ in project.maps.done(run_id, "cams", fingerprint="f1")] == [1, 5]
    assert project.maps.count_done(run_id, "cams") == 3
    assert project.maps.count_done(run_id, "cams", "train", "f1") == 1
    assert list(project.maps.done(run_id, "masks")) == []


def test_done_goes_over_many_pages(project: Project, run_id: int) -> None:
    project.images.add(f"more/{i}.jpg" for i in range(2995))
    project.maps.record_many((run_id, i, "cams", "f", "x", None) for i in range(1, 3001))
    assert [image.id for image, *_ in project.maps.done(run_id, "cams")] == list(range(1, 3001))


def test_forgetting(project: Project, run_id: int) -> None:
    project.maps.record_many((run_id, i, kind, "f", "x", None) for i in (1, 2) for kind in ("cams", "masks"))
    project.maps.forget(run_id, "cams", 1)
    assert (project.maps.count_done(run_id, "cams"), project.maps.count_done(run_id, "masks")) == (1, 2)
    project.maps.forget(run_id, "masks")
    assert (project.maps.count_done(run_id, "cams"), project.maps.count_done(run_id, "masks")) == (1, 0)


def test_files_somebody_removed_are_done_again(project: Project, run_id: int) -> None:
    for image_id in (1, 2):
        path = project.map_path("a", f"{image_id}.jpg", "masks", "png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        project.maps.record(run_id, image_id, "masks", "f", path.relative_to(project.folder).as_posix())
    assert project.maps.forget_missing(run_id, "masks") == 0
    path.unlink()
    assert project.maps.forget_missing(run_id, "masks") == 1
    assert todo(project, run_id, "masks", "f") == [2, 3, 4, 5]


def test_new_cams_and_changed_tags_outdate_the_mask_of_their_image_alone(project: Project, run_id: int) -> None:
    maps = project.maps
    (cat,) = project.classes.add(["cat"])
    for image in (1, 2, 3):
        maps.record(run_id, image, "cams", "f1", f"{image}.npz")
        maps.record(run_id, image, "masks", "m1", f"{image}.png")
    maps.record(run_id, 1, "cams", "f1", "1.npz")
    project.tags.set(2, cat.id, 1)
    assert [image.id for image, _, _ in maps.done(run_id, "masks")] == [3]
    assert maps.count_done(run_id, "cams") == 3


def test_an_image_removed_meanwhile_is_not_recorded(project: Project) -> None:
    project.images.add(["a.jpg", "b.jpg"])
    run = project.runs.create("r", "cam", {})
    project.images.remove([1])
    project.maps.record_many((run.id, i, "cams", "f", "x", None) for i in (1, 2))
    project.maps.record(run.id, 2, "cams", "g", "y")
    assert [(image.path, location) for image, location, _ in project.maps.done(run.id, "cams")] == [("b.jpg", "y")]


def test_what_is_to_do_among_some_images(project: Project) -> None:
    project.images.add(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "train")
    run = project.runs.create("r", "cam", {})
    project.maps.record(run.id, 1, "cams", "f", "x")
    project.images.set_problem(2, "broken")
    assert set(project.maps.todo_among(run.id, "cams", "f", [4, 2, 1, 9])) == {4}
    assert set(project.maps.todo_among(run.id, "cams", "g", [4, 2, 1, 9], "train")) == {1, 4}
