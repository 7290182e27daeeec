from __future__ import annotations

import json
import math
import os
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
