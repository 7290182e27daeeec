"""Deleting a run of many files: the folder goes later, and what a killed process left goes when the project opens."""

from __future__ import annotations

from pathlib import Path

from fbr_engine.project import Project


def test_the_folder_is_handed_over_and_the_name_is_free_at_once(tmp_path: Path, project: Project) -> None:
    left: list[Path] = []
    for _ in range(2):
        project.runs.create("a", "cam", {})
        project.runs.delete("a", left.append)
        assert project.runs.find("a") is None
        assert not project.runs.folder("a").exists()
    assert len(set(left)) == 2
    assert all((folder / "config.json").is_file() for folder in left)
    project.runs.create("a", "cam", {})
    project.close()
    with Project.open(tmp_path / "p.fbr", write=True) as again:
        assert not any(folder.exists() for folder in left)
        assert again.runs.folder("a").is_dir()


def test_a_run_whose_deletion_was_cut_short_comes_back(tmp_path: Path, project: Project) -> None:
    run = project.runs.create("1-a", "cam", {})
    folder = project.runs.folder("1-a")
    folder.rename(folder.with_name(f".deleted-{run.id}-1-a"))
    project.close()
    with Project.open(tmp_path / "p.fbr", write=True) as again:
        assert (again.runs.folder("1-a") / "config.json").is_file()
