"""A person before the real window: sees it, clicks, types, drags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fbr_engine.project import Project
from fbr_studio.main_window import MainWindow
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.export import ExportRoom
from fbr_studio.rooms.images import ImagesRoom
from fbr_studio.rooms.review import ReviewRoom
from fbr_studio.rooms.training import TrainingRoom

LEFT = Qt.MouseButton.LeftButton


class Visitor:
    """Works with the window by events only; the project tells what came of it."""

    def __init__(self, qtbot: QtBot, settings: Path) -> None:
        self.qtbot = qtbot
        self.window = MainWindow(Preferences(settings))
        self.window.ask = lambda *_: True
        self.window.resize(1280, 800)
        self.window.show()
        qtbot.waitExposed(self.window)

    @property
    def project(self) -> Project:
        return self.window.session.open_project

    def wait(self, until: Callable[[], bool], seconds: float = 30) -> None:
        self.qtbot.waitUntil(until, timeout=int(seconds * 1000))

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible()
        assert widget.isEnabled()
        self.qtbot.mouseClick(widget, LEFT)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.window.focusWidget() or self.window, key, modifiers)
        QApplication.processEvents()

    def goto(self, name: str) -> QWidget:
        self.click(self.window.top_bar.tabs[name])
        assert self.window.room == name
        return self.window.rooms[name]

    @property
    def images(self) -> ImagesRoom:
        room = self.window.rooms["images"]
        assert isinstance(room, ImagesRoom)
        return room

    @property
    def training(self) -> TrainingRoom:
        room = self.window.rooms["training"]
        assert isinstance(room, TrainingRoom)
        return room

    @property
    def review(self) -> ReviewRoom:
        room = self.window.rooms["review"]
        assert isinstance(room, ReviewRoom)
        return room

    @property
    def export(self) -> ExportRoom:
        room = self.window.rooms["export"]
        assert isinstance(room, ExportRoom)
        return room

    # --- the steps of the work

    def open_folder(self, images: Path, project: Path, tags: Path | None) -> None:
        """As after the folder dialog: look at the proposal, say where the project goes, press Enter."""
        page = self.window.start_page
        page.take_folder(images)
        for field, text in ((page.form.folder, str(project)), (page.form.tags, str(tags or ""))):
            field.clear()
            self.qtbot.keyClicks(field, text)
        with self.qtbot.waitSignal(self.window.opening.opened, timeout=30_000):
            self.qtbot.keyClick(page.form.folder, Qt.Key.Key_Return)

    def train(self, seconds: float, **fields: object) -> None:
        """Fill the form, start, and wait for the run, its CAMs and its masks."""
        form = self.training.panel.form
        config = form.config()
        assert config is not None
        form.set_config(type(config)(**(config.to_json() | fields)))
        self.click(self.training.panel.start)
        self.wait(lambda: self.window.runner.busy, 10)
        self.wait(lambda: not self.window.runner.busy, seconds)

    def settle(self) -> None:
        """Wait until the review room shows what it is asked for."""
        desk = self.review.desk
        self.wait(lambda: not desk.loader.busy and not desk.making)
        QApplication.processEvents()

    def see(self) -> np.ndarray:
        """The canvas as it is seen, H x W x 3."""
        self.settle()
        image = self.review.viewer.first.canvas.grab().toImage()
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
        return pixels[:, : image.width(), :3].copy()

    def drag(self, *points: tuple[float, float]) -> None:
        """Drag over the canvas; points in image pixels."""
        canvas = self.review.viewer.first.canvas
        places = [canvas.view_point(x + 0.5, y + 0.5).toPoint() for x, y in points]
        QTest.mousePress(canvas.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, places[0])
        for place in places[1:]:
            QTest.mouseMove(canvas.viewport(), place)
        QTest.mouseRelease(canvas.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, places[-1])
        QApplication.processEvents()

    def click_image(self, index: int) -> int:
        gallery = self.images.pane.gallery
        box = gallery._box(index)
        self.qtbot.mouseClick(gallery.viewport(), LEFT, pos=QPoint(box.center().x(), box.center().y()))
        return int(self.images.browser.ids[index])

    def leave(self) -> None:
        self.window.close()
        self.window.deleteLater()
