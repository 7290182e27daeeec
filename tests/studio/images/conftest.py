"""The images room on the small drawn project, driven by real keys and clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.project import Project
from fbr_studio.actions import Actions
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.images import ImagesRoom
from fbr_studio.state.session import Session


class Visitor:
    """A person in the room."""

    def __init__(self, qtbot: QtBot, room: ImagesRoom, session: Session, place: Workplace) -> None:
        self.qtbot, self.room, self.session, self.place = qtbot, room, session, place
        self.gallery, self.bar, self.panel = room.pane.gallery, room.pane.bar, room.panel

    @property
    def project(self) -> Project:
        return self.session.open_project

    def settle(self) -> None:
        """Wait for the list and the counts."""
        browser = self.room.browser
        self.qtbot.waitUntil(
            lambda: not (browser._list.busy or browser._count.busy or browser._count_timer.isActive()), timeout=5000
        )
        self.qtbot.wait(1)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.room.window().focusWidget() or self.room, key, modifiers)

    def type(self, widget: QWidget, text: str, *, enter: bool = True) -> None:
        widget.setFocus()
        self.qtbot.keyClicks(widget, text)
        if enter:
            self.qtbot.keyClick(widget, Qt.Key.Key_Return)

    def click_image(self, index: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> int:
        box = self.gallery._box(index)
        self.qtbot.mouseClick(
            self.gallery.viewport(), Qt.MouseButton.LeftButton, modifiers, QPoint(box.center().x(), box.center().y())
        )
        return int(self.room.browser.ids[index])

    def remedy(self, strip: QWidget, text: str) -> None:
        found = next(b for b in strip.remedies if b.text() == text)  # type: ignore[attr-defined]
        self.qtbot.mouseClick(found, Qt.MouseButton.LeftButton)

    def value(self, image: int, name: str) -> int | None:
        return self.project.tags.of(image).get(self.project.classes.get(name).id)

    def shown(self) -> list[int]:
        return [int(i) for i in self.room.browser.ids]


Enter = Callable[[Workplace], Visitor]


@pytest.fixture
def enter(qtbot: QtBot, tmp_path: Path) -> Iterator[Enter]:
    session = Session()
    runner = JobRunner()
    actions = Actions()
    made: list[ImagesRoom] = []

    def go(place: Workplace) -> Visitor:
        session.open(place.project)
        room = ImagesRoom(session, runner, actions, Preferences(tmp_path / "settings.json"))
        made.append(room)
        room.resize(1280, 690)
        qtbot.addWidget(room)
        room.show()
        room.activateWindow()
        room.entered()
        room.setFocus()
        visitor = Visitor(qtbot, room, session, place)
        visitor.settle()
        return visitor

    yield go
    runner.stop_all()
    session.close()
    for room in made:
        room.close_down()
