"""Light background work: the latest request wins."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QThreadPool
from pytestqt.qtbot import QtBot

from fbr_engine.errors import FbrError, ReadError
from fbr_studio.jobs.tasks import LatestTask


def test_the_latest_request_wins(qtbot: QtBot) -> None:
    go, asked = threading.Event(), []

    def work(number: int) -> int:
        asked.append(number)
        assert go.wait(5)
        return number

    parent = QObject()
    task = LatestTask(work, parent)
    heard: list[int] = []
    task.done.connect(heard.append)
    for number in range(5):
        task.request(number)
    assert task.busy
    go.set()
    qtbot.waitUntil(lambda: not task.busy, timeout=5000)
    assert heard == [4]
    assert len(asked) <= 2


def test_errors_come_back_as_lines_for_people(qtbot: QtBot) -> None:
    def work(error: Exception) -> None:
        raise error

    parent = QObject()
    task = LatestTask(work, parent)
    heard: list[FbrError] = []
    task.failed.connect(heard.append)
    task.request(ReadError("a.png: is missing"))
    qtbot.waitUntil(lambda: len(heard) == 1, timeout=5000)
    task.request(KeyError("x"))
    qtbot.waitUntil(lambda: len(heard) == 2, timeout=5000)
    assert str(heard[0]) == "a.png: is missing"
    assert "the log has the details" in str(heard[1])


def test_cancelled_answers_are_dropped(qtbot: QtBot) -> None:
    go = threading.Event()
    parent = QObject()
    task = LatestTask(lambda: go.wait(5), parent)
    heard: list[object] = []
    task.done.connect(heard.append)
    task.request()
    task.cancel()
    go.set()
    qtbot.waitUntil(lambda: not task.busy, timeout=5000)
    assert heard == []


def test_a_task_may_go_while_its_work_runs(qtbot: QtBot) -> None:
    began, go = threading.Event(), threading.Event()

    def work() -> bool:
        began.set()
        return go.wait(5)

    parent = QObject()
    heard: list[object] = []
    task = LatestTask(work, parent)
    task.done.connect(heard.append)
    task.request()
    assert began.wait(5)
    parent.deleteLater()
    qtbot.wait(20)
    go.set()
    assert QThreadPool.globalInstance().waitForDone(5000)
    qtbot.wait(20)
    assert heard == []


def test_a_closed_task_takes_no_requests(qtbot: QtBot) -> None:
    asked: list[int] = []
    parent = QObject()
    task = LatestTask(asked.append, parent)
    task.close()
    task.request(1)
    qtbot.wait(20)
    assert asked == []
