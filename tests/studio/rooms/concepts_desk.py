"""The Concepts room with what it needs, for its tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fbr_studio.actions import Actions
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.concepts import ConceptsRoom
from fbr_studio.rooms.concepts.effect_work import Shown
from fbr_studio.state.session import Session


class ConceptsDesk:
    """A room, its session and its runner. ``effects``: what the model has shown; ``rooms``: those asked for."""

    def __init__(self, qtbot: QtBot, settings: Path) -> None:
        self.qtbot = qtbot
        self.session, self.runner = Session(), JobRunner()
        self.preferences, self.actions = Preferences(settings), Actions()
        self.room = ConceptsRoom(self.session, self.runner, self.actions, self.preferences)
        self.model, self.panel = self.room.model, self.room.panel
        self.effects: list[Shown] = []
        self.rooms: list[str] = []
        self.model.effect_ready.connect(self.effects.append)
        self.room.asks_for.connect(self.rooms.append)
        self.room.resize(1280, 700)
        qtbot.addWidget(self.room)
        self.room.show()

    def open(self, project: Path) -> None:
        """Open a project and wait until the room knows what is there."""
        self.session.open(project)
        self.room.entered()
        self.wait(lambda: self.model.state != "loading")

    def wait(self, until: Callable[[], bool], seconds: float = 20) -> None:
        self.qtbot.waitUntil(until, timeout=int(seconds * 1000))

    def press(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        """Press a key in the room."""
        self.panel.setFocus()
        both = Qt.KeyboardModifier.NoModifier
        for one in modifiers:
            both |= one
        QTest.keyClick(self.panel.crops, key, both)

    def verdicts(self) -> list[tuple[str, int | None, int]]:
        """Return what stands in the project: verdict, class, concept."""
        self.model.write()
        return [(j.verdict, j.class_id, j.concept) for j in self.session.open_project.judgements.all()]

    def close(self) -> None:
        assert self.runner.stop_all(20)
        self.room.close_down()
        self.room.close()
        self.session.close()
        for thing in (self.room, self.runner, self.session, self.actions, self.preferences):
            thing.deleteLater()
