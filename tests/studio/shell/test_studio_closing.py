"""Leaving a project and the window: nothing is stopped, asked or lost without need."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.errors import WriteError
from fbr_studio.application import _close_on_interrupt
from fbr_studio.drawing.mask_document import Source
from fbr_studio.jobs import opening
from fbr_studio.jobs.opening import NewProject
from fbr_studio.jobs.runner import JobSpec, Step
from fbr_studio.main_window import MainWindow
from fbr_studio.preferences import Preferences


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(Preferences(tmp_path / "settings.json"))
    made.show()
    yield made
    made.ask = lambda *_: True
    made.close()
    made.deleteLater()


def open_project(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    with qtbot.waitSignal(window.opening.opened, timeout=10_000):
        window.opening.open_path(folder)


def start_job(qtbot: QtBot, window: MainWindow) -> threading.Event:
    """Start a job that goes on until it is stopped."""
    from fbr_engine.events import Progress

    ended = threading.Event()

    def work(*_: object):  # type: ignore[no-untyped-def]
        try:
            while True:
                threading.Event().wait(0.005)
                yield Progress("export", 1, 2, "images")
        finally:
            ended.set()

    job = window.runner.submit(JobSpec("A job", [Step("export", work)]), window.session.open_project)
    qtbot.waitUntil(lambda: job.figures.done > 0, timeout=5000)
    return ended


def test_opening_the_project_that_is_open_stops_no_job(qtbot: QtBot, window: MainWindow, drawn: Workplace) -> None:
    open_project(qtbot, window, drawn.project)
    start_job(qtbot, window)
    asked: list[str] = []
    window.ask = lambda *texts: bool(asked.append(texts[0]) or True)  # type: ignore[func-returns-value]
    open_project(qtbot, window, drawn.project)
    assert not asked
    assert window.runner.current is not None
    assert window.runner.current.state == "running"


def test_a_signal_in_the_middle_of_a_write_closes_after_it(qtbot: QtBot, window: MainWindow, drawn: Workplace) -> None:
    open_project(qtbot, window, drawn.project)
    project = window.session.open_project
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    ticking = _close_on_interrupt(window)
    try:
        with project.transaction():
            project.classes.add(["zebra"])
            os.kill(os.getpid(), signal.SIGTERM)
            assert sum(range(100_000)) > 0  # Python sees the signal here
            assert window.session.project is project
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=5000)
    finally:
        ticking.stop()
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    with drawn.open() as again:
        assert "zebra" in again.classes.by_name()


def test_a_close_from_outside_that_fails_leaves_questions_to_the_person(
    qtbot: QtBot, window: MainWindow, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_project(qtbot, window, drawn.project)
    monkeypatch.setattr(window.rooms["images"], "save_work", lambda: False)
    ask = window.ask
    window.close_without_asking()
    assert window.isVisible()
    assert window.ask == ask
    monkeypatch.undo()


def test_a_disk_that_is_gone_for_good_does_not_keep_the_window(
    qtbot: QtBot, window: MainWindow, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_project(qtbot, window, drawn.project)
    monkeypatch.setattr(window.rooms["images"], "save_work", lambda: False)
    assert not window.close()
    quit_button = next(b for b in window.messages.findChildren(QPushButton) if b.text() == "Quit without them")
    quit_button.click()
    assert not window.isVisible()


def test_an_export_has_the_last_stroke(
    qtbot: QtBot, window: MainWindow, trained: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_project(qtbot, window, trained.project)
    window.enter("review")
    keeper = window.rooms["review"].desk.keeper  # type: ignore[attr-defined]
    project = window.session.open_project
    image = next(project.images.iter())
    kept = keeper.begin(image, np.zeros((96, 96), np.uint8))
    for class_id in (1, 2):
        keeper.push(kept, kept.document.edit((2, 2, 9, 9), np.ones((7, 7), np.bool_), class_id, Source.BRUSH))
        keeper._pool.waitForDone()
    monkeypatch.setattr(keeper, "save_soon", lambda: None)  # it would be too late
    window.enter("export")
    found = project.person_masks.load(image.id)
    assert found is not None
    assert (found.classes == 2).any()


def test_a_close_from_outside_answers_a_question_on_the_screen(
    qtbot: QtBot, window: MainWindow, drawn: Workplace
) -> None:
    open_project(qtbot, window, drawn.project)
    ended = start_job(qtbot, window)
    QTimer.singleShot(50, window, window.close_without_asking)
    window.close()  # asks; the question is open until the signal comes
    assert QApplication.activeModalWidget() is None
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=5000)
    assert ended.is_set()


def test_what_is_found_after_the_window_closed_is_not_opened(
    qtbot: QtBot, window: MainWindow, drawn: Workplace
) -> None:
    window.opening.open_path(drawn.project)
    window.close()
    qtbot.wait(300)
    assert window.session.project is None


def test_the_advice_is_about_what_was_asked_last(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    told: list[str] = []
    window.opening.failed.connect(lambda _, remedy: told.append(remedy))
    with qtbot.waitSignal(window.opening.failed, timeout=5000):
        window.opening.open_new(NewProject(tmp_path / "nothing", tmp_path / "p.fbr"))
    with qtbot.waitSignal(window.opening.failed, timeout=5000):
        window.opening.open_path(tmp_path / "nothing")
    assert told == ["elsewhere", ""]


def test_a_folder_whose_name_is_no_text_is_remembered(tmp_path: Path) -> None:
    project = Path(os.fsdecode(b"/photos/caf\xe9.fbr"))
    first = Preferences(tmp_path / "settings.json")
    first.remember(project)
    again = Preferences(tmp_path / "settings.json")
    assert again.problem == ""
    assert again.now.recent == (str(project),)


def test_a_demo_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = opening.unpack_demo(tmp_path).folder
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial"):
            raise PermissionError(13, "in use")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(WriteError):
            opening.unpack_demo(tmp_path, reset=True)
    assert opening.is_project(found)
