"""The cheat sheet: all keys on one page, in columns that fit."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from fbr_studio.widgets.cheat_sheet import CheatSheet, KeyCap, balanced

ROOMS = [
    ("Everywhere", [("Ctrl+K", "Command palette"), ("?", "Keys")]),
    ("Images", [("A / Left", "Previous image"), ("D", "Next image"), ("1", "First tag")]),
    ("Export", []),
    ("Review", [(f"Ctrl+{i}", f"Thing {i}") for i in range(30)]),
]


@pytest.mark.parametrize(
    ("heights", "count", "columns"),
    [
        ([], 3, []),
        ([5], 3, [[0]]),
        ([5, 5, 5], 3, [[0], [1], [2]]),
        ([5, 5, 9], 2, [[0, 1], [2]]),
        ([1, 2, 3, 4], 1, [[0, 1, 2, 3]]),
    ],
)
def test_columns_are_balanced(heights: list[int], count: int, columns: list[list[int]]) -> None:
    assert balanced(heights, count) == columns


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.field = QLineEdit(made)  # type: ignore[attr-defined]
    made.show()
    qtbot.waitExposed(made)
    return made


def test_it_lists_every_key_of_every_room_that_has_one(window: QWidget) -> None:
    sheet = CheatSheet(window)
    sheet.open(ROOMS)
    texts = [found.text() for found in sheet.findChildren(QLabel)]
    assert {"Everywhere", "Images", "Review", "Next image", "Thing 29"} <= set(texts)
    assert "Export" not in texts
    assert len(sheet.findChildren(KeyCap)) == 35
    assert "A / Left" in [cap.accessibleName() for cap in sheet.findChildren(KeyCap)]


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, "?"])
def test_keys_close_it(window: QWidget, qtbot: QtBot, key: object) -> None:
    sheet = CheatSheet(window)
    sheet.open(ROOMS)
    with qtbot.waitSignal(sheet.closed):
        target = window.focusWidget()
        assert target is not None
        qtbot.keyClick(target, key)
    assert not sheet.isVisible()


def test_a_click_anywhere_closes_it(window: QWidget, qtbot: QtBot) -> None:
    sheet = CheatSheet(window)
    sheet.open(ROOMS)
    qtbot.mouseClick(sheet.panel, Qt.MouseButton.LeftButton)
    assert not sheet.isVisible()


def test_it_fits_a_small_window_with_fewer_columns(window: QWidget) -> None:
    sheet = CheatSheet(window)
    sheet.open(ROOMS)
    wide = sheet.panel.width()
    window.resize(480, 360)
    window.grab()
    assert window.rect().contains(sheet.panel.geometry())
    assert sheet.panel.width() < wide


def test_opened_again_it_shows_the_keys_of_then(window: QWidget) -> None:
    sheet = CheatSheet(window)
    sheet.open(ROOMS)
    sheet.dismiss()
    sheet.open([("Images", [("X", "Other")])])
    assert [cap.accessibleName() for cap in sheet.findChildren(KeyCap)] == ["X"]
