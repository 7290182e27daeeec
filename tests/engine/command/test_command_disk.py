"""Read-only targets and full disks: one clear line, exit 1, and the project goes on being usable."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from workplace import CAMS, TRAIN, Engine, Workplace

ONCE = (*TRAIN, "--method", "cam", "--epochs", "2")
STAGES: dict[str, Callable[[Workplace], tuple[object, ...]]] = {
    "new": lambda place: ("new", place.root / "q", "--images", place.images, "--tags", place.tags),
    "train": lambda place: ("train", place.project, *ONCE),
    "cams": lambda place: ("cams", place.project, "--run", "fbr", "--scales", "0.5", "--device", "cpu"),
    "masks": lambda place: ("masks", place.project, "--run", "fbr", "--threshold", "0.6"),
    "export": lambda place: ("export", place.project, "--run", "fbr", "--out", place.root / "o", "--copy-images"),
}


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "no space left on the disk"), (errno.EROFS, "read-only")], ids=["full", "ro"]
)
@pytest.mark.parametrize("stage", STAGES)
def test_a_file_that_cannot_be_written(
    engine: Engine, trained: Workplace, monkeypatch: pytest.MonkeyPatch, stage: str, number: int, said: str
) -> None:
    plain = os.fsync
    calls = 0

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise OSError(number, os.strerror(number))
        plain(descriptor)

    def rename(self: Path, target: Path) -> Path:
        raise OSError(number, os.strerror(number), str(self))

    arguments = STAGES[stage](trained)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        patch.setattr(Path, "rename", rename)
        assert said in engine(*arguments).error
    assert trained.leftovers() == []
    assert stage != "new" or not (trained.root / "q").exists()
    assert stage != "export" or not (trained.root / "o").exists()
    done = engine("train", trained.project, "--resume") if stage == "train" else engine(*arguments)
    assert done.status == 0
    assert engine("info", trained.project).status == 0


def mounted(folder: Path, options: str) -> bool:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB, where one may mount it."""
    folder = tmp_path / "disk"
    if os.name != "posix" or shutil.which("mount") is None or os.geteuid() != 0 or not mounted(folder, "size=40m"):
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path, leave: int) -> Path:
    ballast = folder / "ballast"
    free = shutil.disk_usage(folder).free
    ballast.write_bytes(bytes(max(0, free - leave)))
    return ballast


@pytest.mark.parametrize(
    ("stage", "left"),
    [("new", 24), ("train", 16), ("train", 400), ("cams", 16), ("masks", 16), ("export", 16)],
)
def test_a_full_disk(engine: Engine, trained_once: Workplace, small_disk: Path, stage: str, left: int) -> None:
    place = Workplace(small_disk / "w")
    shutil.copytree(trained_once.project, place.project)
    shutil.copytree(trained_once.root / "scenes", place.root / "scenes")
    arguments = STAGES[stage](place)
    if stage == "export":  # copying asks for space in advance
        arguments = arguments[:-1]
    ballast = fill(small_disk, left << 10)
    error = engine(*arguments).error
    assert "free some space" in error or "check the drive and its free space" in error
    assert place.leftovers() == []
    ballast.unlink()
    assert engine("info", place.project).result["images"] == 10
    if stage == "train" and engine("info", place.project).result["runs"][-1]["name"] != "fbr":
        arguments = ("train", place.project, "--resume")
    assert engine(*arguments).status == 0


def test_a_read_only_disk(engine: Engine, trained_once: Workplace, small_disk: Path) -> None:
    place = Workplace(small_disk / "w")
    shutil.copytree(trained_once.project, place.project)
    shutil.copytree(trained_once.root / "scenes", place.root / "scenes")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for stage, arguments in STAGES.items():
        error = engine(*arguments(place)).error.casefold()
        assert "read-only" in error, (stage, error)
    assert engine("info", place.project).result["images"] == 10
    assert engine("evaluate", place.project, "--masks", place.truth).result["images"] == 10


def test_targets_below_a_file(engine: Engine, trained: Workplace) -> None:
    (trained.root / "file").write_text("")
    below = trained.root / "file" / "x"
    assert "file" in engine("new", below, "--images", trained.images).error
    assert "file" in engine("export", trained.project, "--out", below).error
    assert "is a file" in engine("export", trained.project, "--out", trained.root / "file").error
    assert "file" in engine("demo", "--out", below, "--images", "8", "--val-images", "4").error


def test_export_asks_for_space_first(engine: Engine, trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    usage: Any = shutil.disk_usage(trained.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    done = engine("export", trained.project, "--out", trained.root / "o", "--copy-images")
    assert "free some space" in done.error
    assert trained.leftovers() == []
    assert engine("cams", trained.project, *CAMS).status == 0
