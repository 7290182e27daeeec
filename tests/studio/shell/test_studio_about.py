"""About: facts, places, and a report to copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from fbr_studio.widgets import about, desktop
from fbr_studio.widgets.about import WAITING, AboutFacts, AboutPanel


@pytest.fixture
def facts(tmp_path: Path) -> AboutFacts:
    places = (("Settings", tmp_path / "settings.json"), ("Log", tmp_path / "log" / "fbr-studio.log"))
    return AboutFacts("FBR Studio", "0.2.0", "Apache-2.0", "Turns image tags into masks.", places)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1280, 800)
    QVBoxLayout(made).addWidget(QLineEdit())
    made.show()
    qtbot.waitExposed(made)
    return made


def test_it_says_name_version_and_licence(window: QWidget, facts: AboutFacts) -> None:
    panel = AboutPanel(window, facts)
    panel.open()
    texts = " ".join(found.text() for found in panel.findChildren(QLabel))
    assert "FBR Studio 0.2.0" in texts
    assert "Apache-2.0" in texts


def test_the_report_is_asked_for_once_and_then_copied(
    window: QWidget, facts: AboutFacts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(about, "COPIED_MS", 1)
    panel = AboutPanel(window, facts)
    asked: list[bool] = []
    panel.report_wanted.connect(lambda: asked.append(True))
    panel.open()
    assert panel.report.toPlainText() == WAITING
    assert not panel.copy_button.isEnabled()
    panel.dismiss()
    panel.open()
    assert asked == [True]
    panel.set_report("python: 3.11\ncores: 2")
    panel.copy_button._timer.setInterval(1)
    qtbot.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "python: 3.11\ncores: 2"
    assert panel.copy_button.text() == "Copied"
    qtbot.waitUntil(lambda: panel.copy_button.text() == "Copy report")
    panel.dismiss()
    panel.open()
    assert asked == [True]


def test_places_can_be_opened_and_copied(
    window: QWidget, facts: AboutFacts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(desktop, "open_folder", lambda path: opened.append(path))
    panel = AboutPanel(window, facts)
    panel.open()
    buttons = {b.accessibleName(): b for b in panel.findChildren(QToolButton)}
    qtbot.mouseClick(buttons["Open the folder of: Log"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["Copy the path of: Settings"], Qt.MouseButton.LeftButton)
    assert opened == [facts.places[1][1]]
    assert QGuiApplication.clipboard().text() == str(facts.places[0][1])


def test_tab_stays_inside_and_esc_closes(window: QWidget, facts: AboutFacts, qtbot: QtBot) -> None:
    panel = AboutPanel(window, facts)
    panel.open()
    panel.set_report("x")
    seen = set()
    for _ in range(12):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        now = window.focusWidget()
        assert now is not None
        assert panel.isAncestorOf(now)
        seen.add(now)
    assert len(seen) >= 6
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_a_folder_with_an_odd_name_reaches_the_desktop_byte_by_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr(
        desktop.QDesktopServices, "openUrl", lambda url: seen.append(bytes(url.toEncoded().data())) or True
    )
    folder = tmp_path / "caf\udce9 # 1"
    assert desktop.open_folder(folder / "file.json")
    assert seen == [folder.parent.as_uri().encode() + b"/caf%E9%20%23%201"]
