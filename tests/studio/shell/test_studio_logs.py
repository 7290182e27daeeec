"""The log file, and the hooks that write what nobody caught."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import qWarning

from fbr_engine.errors import ReadError
from fbr_studio import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logs.stop_log()
    logging.getLogger().setLevel(level)


def test_the_log_names_thread_and_level(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "fbr-studio.log"
    logs.start_log(path)
    thread = threading.Thread(target=lambda: logging.getLogger("x").warning("in here: é \udce9"), name="loader")
    thread.start()
    thread.join()
    text = path.read_text("utf-8")
    assert "WARNING loader x: in here: é" in text


def test_a_second_start_replaces_the_first(tmp_path: Path) -> None:
    before = len(logging.getLogger().handlers)
    logs.start_log(tmp_path / "a.log")
    logs.start_log(tmp_path / "b.log")
    assert len(logging.getLogger().handlers) == before + 1
    logging.getLogger("x").warning("once")
    assert "once" not in (tmp_path / "a.log").read_text()
    assert (tmp_path / "b.log").read_text().count("once") == 1


def test_it_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_BYTES", 2000)
    logs.start_log(tmp_path / "a.log")
    for _ in range(200):
        logging.getLogger("x").warning("a line of some length to fill the file")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2", "a.log.3"]


def test_a_place_that_cannot_be_written_is_no_obstacle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    logs.start_log(tmp_path / "file" / "log" / "a.log")
    logging.getLogger("x").warning("still heard")
    assert "still heard" in capsys.readouterr().err


def test_what_nobody_caught_is_logged_and_told(tmp_path: Path) -> None:
    logs.start_log(tmp_path / "a.log")
    told: list[str] = []
    before = (sys.excepthook, threading.excepthook)
    undo = logs.install_hooks(told.append)
    try:
        sys.excepthook(*_raised(ValueError("oh")))
        thread = threading.Thread(target=lambda: 1 / 0, name="worker")
        thread.start()
        thread.join()
        sys.excepthook(*_raised(ReadError("a.png: is broken; take it out")))
    finally:
        undo()
    assert (sys.excepthook, threading.excepthook) == before
    assert len(told) == 3
    assert "ValueError" in told[0]
    assert "ZeroDivisionError" in told[1]
    assert told[2] == "a.png: is broken; take it out"
    text = (tmp_path / "a.log").read_text()
    assert "oh" in text
    assert "division by zero" in text
    assert "worker" in text


def test_a_teller_that_fails_is_not_told_of_it(tmp_path: Path) -> None:
    logs.start_log(tmp_path / "a.log")
    calls: list[str] = []

    def tell(text: str) -> None:
        calls.append(text)
        sys.excepthook(*_raised(RuntimeError("again")))
        raise RuntimeError("cannot tell")

    undo = logs.install_hooks(tell)
    try:
        sys.excepthook(*_raised(ValueError("first")))
    finally:
        undo()
    assert len(calls) == 1
    assert "cannot tell" in (tmp_path / "a.log").read_text()


def test_an_interrupt_is_left_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: passed.append(kind))
    told: list[str] = []
    undo = logs.install_hooks(told.append)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    undo()
    assert passed == [KeyboardInterrupt]
    assert told == []


def test_warnings_of_qt_are_logged(tmp_path: Path) -> None:
    logs.start_log(tmp_path / "a.log")
    undo = logs.install_hooks(lambda text: None)
    qWarning("a warning of Qt")
    undo()
    assert "WARNING MainThread qt: a warning of Qt" in (tmp_path / "a.log").read_text()


def _raised(error: BaseException) -> tuple[type[BaseException], BaseException, None]:
    return type(error), error, None
