"""Folders are removed behind the window."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_studio.jobs import removing
from fbr_studio.state.session import Session


def test_deleting_a_run_does_not_wait_for_its_files(
    qtbot: QtBot, trained: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_remove, threads = threading.Event(), []
    rmtree = removing.shutil.rmtree

    def slow(folder: Path, **options: bool) -> None:
        threads.append(threading.current_thread().name)
        may_remove.wait(5)
        rmtree(folder, **options)

    monkeypatch.setattr(removing, "shutil", type("Shutil", (), {"rmtree": staticmethod(slow)}))
    session = Session()
    session.remove_folder = removing.remove_behind
    session.open(trained.project)
    name = session.open_project.runs.all()[0].name
    runs = session.open_project.folder / "runs"
    session.delete_run(name)
    assert session.open_project.runs.find(name) is None
    assert any(path.name.startswith(".deleted-") for path in runs.iterdir())
    may_remove.set()
    qtbot.waitUntil(lambda: not any(path.name.startswith(".deleted-") for path in runs.iterdir()), timeout=5000)
    assert threads == ["removing"]
    session.close()
    session.deleteLater()
