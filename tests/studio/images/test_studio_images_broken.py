"""Files that cannot be read, and folders that are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from workplace import Workplace

Key = Qt.Key


def _until_read(visitor, then: Callable[[], bool]) -> None:
    visitor.qtbot.waitUntil(lambda: not visitor.room.browser.broken.busy and then(), timeout=5000)
    visitor.settle()


def test_a_broken_file_counts_and_is_mended(enter, drawn: Workplace) -> None:
    path = sorted(drawn.images.iterdir())[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    visitor = enter(drawn)
    image = visitor.project.images.get(path.name).id
    _until_read(visitor, lambda: visitor.room.browser.counts.states.get("problem") == 1)
    assert "takes no part" in visitor.panel.problem.text()
    assert visitor.room.browser.cells.cells([image])[0].state == "problem"
    path.write_bytes(whole)
    visitor.key(Key.Key_F5)
    _until_read(visitor, lambda: visitor.room.browser.counts.states.get("problem") == 0)
    assert visitor.project.images.get(path.name).problem is None
    assert visitor.panel.problem.text() == ""


def test_a_missing_file_marks_nothing(enter, drawn: Workplace) -> None:
    sorted(drawn.images.iterdir())[0].unlink()
    visitor = enter(drawn)
    visitor.qtbot.waitUntil(lambda: bool(visitor.panel.preview.reason), timeout=5000)
    _until_read(visitor, lambda: True)
    assert list(visitor.project.images.with_problem()) == []


def test_a_moved_image_folder_is_chosen_again(enter, drawn: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    moved, wrong = drawn.root / "elsewhere", drawn.root / "wrong"
    wrong.mkdir()
    drawn.images.rename(moved)
    visitor = enter(drawn)
    news = visitor.room.pane.news
    visitor.qtbot.waitUntil(lambda: "is gone" in news.text, timeout=5000)
    visitor.qtbot.waitUntil(lambda: bool(visitor.panel.preview.reason), timeout=5000)
    opened = []
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: opened.append(dialog))
    visitor.remedy(news, "Choose the folder")
    _choose(opened.pop(), wrong)
    assert "None of the project's images" in news.text
    visitor.remedy(news, "Choose another folder")
    with visitor.qtbot.waitSignals([visitor.session.images_changed, visitor.session.maps_changed]):
        _choose(opened.pop(), moved)
    assert visitor.project.image_folder == moved
    visitor.qtbot.waitUntil(lambda: not visitor.panel.preview.image.isNull(), timeout=5000)
    image = visitor.session.image
    visitor.qtbot.waitUntil(lambda: visitor.gallery._feed.shelf.pixmap(image) is not None, timeout=5000)
    assert list(visitor.project.images.with_problem()) == []
    assert not news.isVisible()


def _choose(dialog: QFileDialog, folder: Path) -> None:
    dialog.fileSelected.emit(str(folder))
    dialog.finished.emit(1)
