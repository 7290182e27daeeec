"""What every test shares: no window system, no downloads, quiet threads; a drawn project, trained once."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from planted import add_run, find_concepts, make_planted
from workplace import CAMS, TRAIN, Engine, Workplace

from fbr_engine.__main__ import main
from fbr_engine.project import Project, database
from fbr_engine.scenes import write_scenes

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Threads that wait for each other on busy cores make tiny networks a hundred times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def imports_are_passed_over() -> Iterator[None]:
    """Whoever collects garbage leaves alone what was imported: torch has so many objects that it takes 0.2 s a time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def nothing_waits_for_the_disk() -> Iterator[None]:
    """What a test writes need not survive a power cut; waiting for it took a third of the time."""
    plain = database._Connection.execute

    def execute(connection: sqlite3.Connection, sql: str, *values: Any) -> sqlite3.Cursor:
        return plain(connection, sql.replace("synchronous = FULL", "synchronous = OFF"), *values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(database._Connection, "execute", execute)
        yield


@pytest.fixture
def engine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(capsys, monkeypatch)


@pytest.fixture(scope="session")
def drawn_once(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Ten scenes (each class in two or three, nothing in train_0002), a project, no run. Not to be changed."""
    place = Workplace(tmp_path_factory.mktemp("drawn") / "w")
    list(write_scenes(place.root / "scenes", 6, 4, seed=7, side=96))
    assert main(["new", str(place.project), "--images", str(place.images), "--tags", str(place.tags)]) == 0
    return place


@pytest.fixture(scope="session")
def trained_once(drawn_once: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The same with one run of cam+fbr, its CAMs and its masks. Not to be changed."""
    place = drawn_once.copy(tmp_path_factory.mktemp("trained") / "w")
    assert main(["train", str(place.project), *TRAIN, "--method", "fbr", "--epochs", "2"]) == 0
    assert main(["cams", str(place.project), *CAMS]) == 0
    assert main(["masks", str(place.project), "--device", "cpu"]) == 0
    return place


@pytest.fixture
def drawn(drawn_once: Workplace, tmp_path: Path) -> Workplace:
    return drawn_once.copy(tmp_path / "w")


@pytest.fixture
def trained(trained_once: Workplace, tmp_path: Path) -> Workplace:
    return trained_once.copy(tmp_path / "w")


@pytest.fixture(scope="session")
def planted_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up project (see ``planted``) with the run a and its concepts. Not to be changed."""
    folder = tmp_path_factory.mktemp("planted") / "w"
    with make_planted(folder) as project:
        find_concepts(project, add_run(project, "a"))
    return folder


@pytest.fixture
def planted(planted_once: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of it, open for writing."""
    shutil.copytree(planted_once, tmp_path / "w")
    with Project.open(tmp_path / "w" / "p", write=True) as project:
        yield project
