from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path

import pytest

from fbr_engine.errors import ProjectError, WriteError
from fbr_engine.project import Project


def test_runs_get_names_after_their_method(project: Project) -> None:
    names = [project.runs.create(None, method, {}).name for method in ("cam", "cam+fbr", "cam+fbr", "seam+fbr", "cam")]
    assert names == ["cam", "fbr", "fbr-2", "seam-fbr", "cam-2"]
    assert [run.name for run in project.runs.all()] == names
    assert project.runs.latest().name == "cam-2"


def test_a_run_has_its_folder_and_its_config_in_it(project: Project) -> None:
    run = project.runs.create("first", "cam", {"epochs": 4, "weights": "größe.pth"})
    assert (run.status, run.finished, run.figures) == ("training", None, {})
    assert run.config == {"epochs": 4, "weights": "größe.pth"}
    assert json.loads((project.runs.folder("first") / "config.json").read_bytes()) == run.config


def test_a_run_is_updated(project: Project) -> None:
    run = project.runs.create("first", "cam", {"epochs": 4})
    project.runs.update(run.id, figures={"loss": 0.5, "miou": math.nan})
    done = project.runs.update(run.id, status="done", figures={"loss": 0.4})
    assert (done.status, done.figures["loss"]) == ("done", 0.4)
    assert math.isnan(done.figures["miou"])
    assert done.finished is not None
    resumed = project.runs.update(run.id, status="training", config={"epochs": 8})
    assert (resumed.finished, resumed.config) == (None, {"epochs": 8})
    assert json.loads((project.runs.folder("first") / "config.json").read_bytes()) == {"epochs": 8}
    with pytest.raises(ValueError, match="asleep"):
        project.runs.update(run.id, status="asleep")  # type: ignore[arg-type]
    with pytest.raises(ProjectError, match="no run number 9"):
        project.runs.update(9, status="done")


def test_no_run_is_told_with_the_remedy(project: Project) -> None:
    with pytest.raises(ProjectError, match="no run yet: train one with fbr-engine train PROJECT"):
        project.runs.latest()
    project.runs.create("a", "cam", {})
    with pytest.raises(ProjectError, match="no run 'b': its runs are a"):
        project.runs.get("b")


def test_a_taken_name_is_refused_in_any_case(project: Project) -> None:
    project.runs.create("First", "cam", {})
    for name in ("First", "first"):
        with pytest.raises(ProjectError, match=r"exists .*choose another name or add --resume"):
            project.runs.create(name, "cam", {})
    (project.folder / "runs" / "mine").mkdir()
    (project.folder / "runs" / "mine" / "notes.txt").write_text("precious")
    with pytest.raises(ProjectError, match="holds files of no known run"):
        project.runs.create("mine", "cam", {})


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "..\\a", "-x", ".x", "a b", "con", "NUL.txt", "x.", "ä", "a\n", "x" * 65]
)
def test_names_no_folder_can_have(project: Project, name: str) -> None:
    with pytest.raises(ProjectError, match="cannot be named"):
        project.runs.create(name, "cam", {})
    with pytest.raises(ProjectError):
        project.runs.folder(name)


def test_a_run_that_cannot_be_made_leaves_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.folder / "runs").write_text("in the way")
    with pytest.raises(WriteError):
        project.runs.create("a", "cam", {})
    assert project.runs.all() == []


def test_deleting_removes_rows_and_files(project: Project) -> None:
    project.images.add(["a.jpg"])
    run = project.runs.create("a", "cam", {})
    project.maps.record(run.id, 1, "cams", "f", "x")
    project.runs.delete("a")
    assert project.runs.all() == []
    assert project.maps.get(run.id, 1, "cams") is None
    assert list((project.folder / "runs").iterdir()) == []
    assert project.runs.create("a", "cam", {}).id != run.id


def test_deleting_that_fails_changes_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.runs.create("a", "cam", {})

    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(WriteError, match="cannot be removed"):
        project.runs.delete("a")
    assert project.runs.get("a").name == "a"
    assert project.runs.folder("a").is_dir()


def test_what_a_killed_process_left_is_put_right(project: Project) -> None:
    for name in ("half-deleted", "trained"):
        project.runs.create(name, "cam", {})
    root = project.folder / "runs"
    (root / "half-deleted").rename(root / ".deleted-half-deleted")
    (root / ".deleted-long-gone").mkdir()
    project.close()
    with Project.open(project.folder, write=True) as opened:
        assert sorted(os.listdir(root)) == ["half-deleted", "trained"]  # noqa: PTH208
        assert [run.status for run in opened.runs.all()] == ["stopped", "stopped"]


def with_maps(project: Project) -> int:
    project.images.add(["a.jpg"])
    run = project.runs.create("first", "cam", {"epochs": 1})
    project.runs.update(run.id, status="done")
    for kind in ("cams", "masks"):
        path = project.map_path("first", "a.jpg", kind, "npz")
        path.parent.mkdir(parents=True)
        path.write_bytes(b"12345")
        project.maps.record(run.id, 1, kind, "f", f"runs/first/{kind}/a.jpg.npz", {"features": "0:0:1:1:1"})
    return run.id


def check_whole(project: Project, run_id: int, name: str) -> None:
    assert [(run.id, run.name) for run in project.runs.all()] == [(run_id, name)]
    assert os.listdir(project.folder / "runs") == [name]  # noqa: PTH208
    for kind in ("cams", "masks"):
        found = project.maps.get(run_id, 1, kind)
        assert found is not None
        assert found.location == f"runs/{name}/{kind}/a.jpg.npz"
        assert project.path_of(found.location).read_bytes() == b"12345"
        assert found.extra == {"features": "0:0:1:1:1"}


def test_a_run_takes_its_files_to_another_name(project: Project) -> None:
    run_id = with_maps(project)
    assert project.runs.rename("first", "Second").name == "Second"
    check_whole(project, run_id, "Second")
    assert project.runs.rename("Second", "second").name == "second"
    check_whole(project, run_id, "second")
    assert project.runs.rename("second", "second").id == run_id
    assert project.runs.disk_bytes("second") == 10 + len((project.runs.folder("second") / "config.json").read_bytes())


def test_names_a_run_cannot_get(project: Project) -> None:
    run_id = with_maps(project)
    busy = project.runs.create("busy", "cam", {})
    for name in ("busy", "BUSY", "../x", ""):
        with pytest.raises(ProjectError):
            project.runs.rename("first", name)
    with pytest.raises(ProjectError, match="is being trained: stop it first"):
        project.runs.rename("busy", "third")
    with pytest.raises(ProjectError, match="no run 'none'"):
        project.runs.rename("none", "third")
    project.runs.update(busy.id, status="stopped")
    project.runs.delete("busy")
    check_whole(project, run_id, "first")


@pytest.mark.parametrize("failing", [1, 2])
def test_renaming_that_fails_changes_nothing(project: Project, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    run_id = with_maps(project)
    plain, calls = Path.rename, [0]

    def refuse(path: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == failing:
            raise PermissionError(13, "in use")
        return plain(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(WriteError, match=r"cannot be renamed \(in use\): close"):
        project.runs.rename("first", "second")
    check_whole(project, run_id, "first")


@pytest.mark.parametrize("failing", ["rename", "commit"])
def test_a_crash_while_renaming_is_mended(project: Project, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    run_id = with_maps(project)
    plain, calls = Path.rename, [0]

    class Killed(BaseException):
        pass

    def die(path: Path, target: Path) -> Path:
        calls[0] += 1
        if failing == "rename" and calls[0] == 2:
            raise Killed
        plain(path, target)
        if failing == "commit":
            raise Killed
        return target

    monkeypatch.setattr(Path, "rename", die)
    with pytest.raises(Killed):
        project.runs.rename("first", "second")
    monkeypatch.undo()
    project.close()
    with Project.open(project.folder, write=True) as opened:
        check_whole(opened, run_id, "second" if failing == "rename" else "first")


def test_a_run_without_its_folder_is_renamed_all_the_same(project: Project) -> None:
    run = project.runs.create("a", "cam", {})
    project.runs.update(run.id, status="done")
    shutil.rmtree(project.runs.folder("a"))
    assert project.runs.rename("a", "b").name == "b"
    assert project.runs.disk_bytes("b") == 0
