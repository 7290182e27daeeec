"""The strips over the canvas come to rest: a layout that asks for itself again keeps a core busy for ever."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fbr_studio.rooms.review.over_canvas import OverCanvas
from fbr_studio.widgets.message_strip import MessageStrip


class Counter(QObject):
    """Counts the layout requests of a widget."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_a_strip_over_the_canvas_comes_to_rest(qtbot: QtBot) -> None:
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.resize(600, 400)
    ground.show()
    strip = MessageStrip()
    over = OverCanvas(ground, strip)
    requests = Counter(over)
    strip.say("One short sentence.", "info")
    qtbot.wait(50)
    low = over.height()
    strip.say("A sentence that is so long that it needs several lines. " * 8, "warning", ("Do it", lambda: None))
    qtbot.wait(50)
    assert over.isVisible()
    assert over.height() > low
    before = requests.count
    qtbot.wait(100)
    assert requests.count == before
    strip.hide()
    qtbot.wait(20)
    assert not over.isVisible()
