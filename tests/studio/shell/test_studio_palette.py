"""The command palette: what it finds, and how it is worked."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from fbr_studio.widgets.command_palette import CommandPalette, PaletteEntry, matching
from fbr_studio.widgets.fuzzy import best, rank


def test_a_beginning_comes_before_a_word_before_initials_before_scattered_letters() -> None:
    texts = ["Undo the stroke", "Next image", "Start a training", "Stop", "Export as text", "Show the NROI"]
    assert [texts[i] for i in best("st", texts)][:2] == ["Stop", "Start a training"]
    assert texts[best("ni", texts)[0]] == "Next image"
    assert texts[best("stroke", texts)[0]] == "Undo the stroke"
    assert texts[best("train", texts)[0]] == "Start a training"
    assert texts[best("exptxt", texts)[0]] == "Export as text"


@pytest.mark.parametrize("typed", ["zz", "tpots", "next imagee"])
def test_letters_must_follow_each_other(typed: str) -> None:
    assert best(typed, ["Stop", "Next image"]) == []


def test_nothing_typed_means_everything_in_order() -> None:
    assert best("", ["b", "a"]) == [0, 1]
    assert best("  ", ["b", "a"]) == [0, 1]


def test_case_accents_and_spaces_do_not_matter_to_the_rank() -> None:
    assert rank("NEXT", "next image") == rank("next", "Next image")
    assert rank("  next   image ", "Next image") is not None
    assert rank("Ä", "ähnliche") is not None


def test_closer_letters_win() -> None:
    assert best("sd", ["sludge", "slow and dull"]) == [1, 0]  # initials before scattered letters
    assert best("ad", ["b a xx d", "b zad"]) == [0, 1]
    assert best("xz", ["axbbbz", "qaxz"]) == [1, 0]


def test_the_room_is_searched_last() -> None:
    entries = [_entry("Next", "Review"), _entry("Review the queue", "Concepts")]
    assert [e.text for e in matching("review", entries)] == ["Review the queue", "Next"]


class Window(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.resize(1280, 700)
        self.field = QLineEdit()
        column = QVBoxLayout(self)
        column.addWidget(self.field)
        column.addStretch()


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.field.setFocus()
    qtbot.waitUntil(made.field.hasFocus)
    return made


def _entry(text: str, detail: str) -> PaletteEntry:
    return PaletteEntry(text, detail, "Ctrl+X", "search", lambda: None)


def test_typing_and_enter_does_it_and_gives_the_focus_back(window: Window, qtbot: QtBot) -> None:
    done: list[str] = []
    palette = CommandPalette(window)
    palette.open(_both(done))
    assert palette.isVisible()
    assert palette.search.hasFocus()
    qtbot.keyClicks(palette.search, "train")
    assert [e.text for e in palette.shown()] == ["Start a training", "Stop"]  # the latter by its room
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert done == ["Start a training"]
    assert not palette.isVisible()
    assert window.field.hasFocus()


def _both(done: list[str]) -> list[PaletteEntry]:
    return [
        PaletteEntry(text, "Training", "", "", lambda text=text: done.append(text))  # type: ignore[misc]
        for text in ("Stop", "Start a training")
    ]


def test_the_arrows_move_and_wrap(window: Window, qtbot: QtBot) -> None:
    done: list[str] = []
    palette = CommandPalette(window)
    palette.open(_both(done))
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 1
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 0
    qtbot.keyClick(palette.search, Qt.Key.Key_Up)
    qtbot.keyClick(palette.search, Qt.Key.Key_Enter)
    assert done == ["Start a training"]


def test_a_click_does_it(window: Window, qtbot: QtBot) -> None:
    done: list[str] = []
    palette = CommandPalette(window)
    palette.open(_both(done))
    where = palette.list.visualRect(palette.model.index(1)).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert done == ["Start a training"]


def test_esc_and_a_click_beside_it_close_it(window: Window, qtbot: QtBot) -> None:
    palette = CommandPalette(window)
    for close in (
        lambda: qtbot.keyClick(palette.search, Qt.Key.Key_Escape),
        lambda: qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=palette.rect().bottomLeft()),
    ):
        palette.open(_both([]))
        with qtbot.waitSignal(palette.closed):
            close()
        assert not palette.isVisible()
        assert window.field.hasFocus()


def test_it_closes_when_the_focus_goes_and_does_not_take_it_back(window: Window) -> None:
    other = QLineEdit(window)
    other.show()
    palette = CommandPalette(window)
    palette.open(_both([]))
    other.setFocus()
    assert not palette.isVisible()
    assert other.hasFocus()


def test_it_remembers_nothing(window: Window, qtbot: QtBot) -> None:
    palette = CommandPalette(window)
    palette.open(_both([]))
    qtbot.keyClicks(palette.search, "stop")
    palette.dismiss()
    palette.open(_both([]))
    assert palette.search.text() == ""
    assert len(palette.shown()) == 2


def test_what_cannot_be_done_now_is_shown_but_not_done(window: Window, qtbot: QtBot) -> None:
    done: list[str] = []
    palette = CommandPalette(window)
    palette.open([PaletteEntry("Stop", "", "", "stop", lambda: done.append("x"), enabled=False)])
    window.grab()
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert done == []
    assert palette.isVisible()


def test_when_nothing_matches_it_says_so(window: Window, qtbot: QtBot) -> None:
    palette = CommandPalette(window)
    palette.open(_both([]))
    qtbot.keyClicks(palette.search, "qqq")
    assert palette.nothing.isVisible()
    assert not palette.list.isVisible()
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_it_follows_the_window(window: Window) -> None:
    palette = CommandPalette(window)
    palette.open(_both([]))
    window.resize(500, 400)
    assert palette.size() == window.size()
    assert window.rect().contains(palette.panel.geometry())
