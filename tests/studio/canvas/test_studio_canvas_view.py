"""The canvas' view: coordinates, strokes, pan, zoom, curtain and links, through real events."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from fbr_studio.widgets.canvas import CanvasView, ViewState

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_image_size(1000, 500)
    view.show()
    qtbot.waitExposed(view)
    return view


def drag(qtbot: QtBot, view: CanvasView, points: list[tuple[int, int]], button: Qt.MouseButton = LEFT) -> None:
    port = view.viewport()
    qtbot.mousePress(port, button, pos=QPoint(*points[0]))
    for point in points[1:]:
        place = QPointF(*point)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            port.mapToGlobal(place),
            Qt.MouseButton.NoButton,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(port, event)
    qtbot.mouseRelease(port, button, pos=QPoint(*points[-1]))


def wheel(view: CanvasView, at: tuple[int, int], turned: int, modifier: Qt.KeyboardModifier) -> None:
    place = QPointF(*at)
    event = QWheelEvent(
        place,
        view.viewport().mapToGlobal(place),
        QPoint(),
        QPoint(0, turned),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def heard(view: CanvasView) -> list[tuple[object, ...]]:
    """Return a list that grows with every signal of a tool."""
    told: list[tuple[object, ...]] = []
    view.stroke_began.connect(lambda x, y, keys: told.append(("began", x, y, keys)))
    view.stroke_moved.connect(lambda x, y: told.append(("moved", x, y)))
    view.stroke_ended.connect(lambda: told.append(("ended",)))
    view.stroke_cancelled.connect(lambda: told.append(("cancelled",)))
    view.clicked.connect(lambda x, y: told.append(("clicked", x, y)))
    return told


def test_fit_shows_the_whole_image_and_follows_the_size(view: CanvasView) -> None:
    assert view.zoom == pytest.approx(min(368 / 1000, 268 / 500))
    corners = [view.view_point(0, 0), view.view_point(1000, 500)]
    assert corners[0].x() == pytest.approx(16, abs=1)
    assert corners[1].x() == pytest.approx(384, abs=1)
    view.resize(800, 300)
    assert view.zoom == pytest.approx(268 / 500)
    assert view.visible_box() == (0, 0, 500, 1000)


@pytest.mark.parametrize("zoom", [0.25, 1.0, 7.5, 64.0])
def test_strokes_come_in_image_coordinates(qtbot: QtBot, view: CanvasView, zoom: float) -> None:
    view.set_view_state(ViewState(600, 200, zoom))
    view.set_tool("draw", 5.0)
    told = heard(view)
    drag(qtbot, view, [(200, 150), (260, 130)])
    assert [name for name, *_ in told] == ["began", "moved", "ended"]
    assert told[0][1:3] == pytest.approx((600, 200), abs=0.6 / zoom)
    assert told[0][3] == Qt.KeyboardModifier.NoModifier
    assert told[1][1:] == pytest.approx((600 + 60 / zoom, 200 - 20 / zoom), abs=0.6 / zoom)


def test_two_quick_dabs_are_two_strokes(qtbot: QtBot, view: CanvasView) -> None:
    view.set_tool("draw", 5.0)
    told = heard(view)
    qtbot.mouseClick(view.viewport(), LEFT, pos=QPoint(50, 50))
    qtbot.mouseDClick(view.viewport(), LEFT, pos=QPoint(50, 50))
    qtbot.mouseRelease(view.viewport(), LEFT, pos=QPoint(50, 50))
    assert [name for name, *_ in told] == ["began", "ended", "began", "ended"]


def test_escape_takes_the_stroke_back(qtbot: QtBot, view: CanvasView) -> None:
    view.set_tool("draw", 5.0)
    told = heard(view)
    qtbot.mousePress(view.viewport(), LEFT, pos=QPoint(50, 50))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(view.viewport(), LEFT, pos=QPoint(60, 50))
    assert [name for name, *_ in told] == ["began", "cancelled"]
    assert not view.cancel_stroke()


def test_the_left_button_pans_and_clicks_in_pan_mode(qtbot: QtBot, view: CanvasView) -> None:
    view.set_zoom(2.0)
    told, before = heard(view), view.view_state()
    drag(qtbot, view, [(200, 150), (190, 145), (160, 130)])
    after = view.view_state()
    assert (after.centre_x - before.centre_x, after.centre_y - before.centre_y) == pytest.approx((20, 10))
    assert told == []
    qtbot.mouseClick(view.viewport(), LEFT, pos=QPoint(200, 150))
    assert told[0][0] == "clicked"
    assert told[0][1:] == pytest.approx((after.centre_x, after.centre_y), abs=0.6)


@pytest.mark.parametrize("way", ["middle", "space"])
def test_middle_button_and_space_pan_while_drawing(qtbot: QtBot, view: CanvasView, way: str) -> None:
    view.set_tool("draw", 5.0)
    view.set_zoom(2.0)
    told, before = heard(view), view.view_state().centre_x
    if way == "space":
        qtbot.keyPress(view, Qt.Key.Key_Space)
    drag(qtbot, view, [(200, 150), (150, 150)], MIDDLE if way == "middle" else LEFT)
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert view.view_state().centre_x - before == pytest.approx(25)
    assert told == []
    drag(qtbot, view, [(200, 150), (150, 150)])
    assert [name for name, *_ in told] == ["began", "moved", "ended"]


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier])
def test_the_wheel_zooms_around_the_pointer(view: CanvasView, modifier: Qt.KeyboardModifier) -> None:
    view.set_view_state(ViewState(500, 250, 4.0))
    before = view.image_point(QPointF(120, 80))
    for _ in range(5):
        wheel(view, (120, 80), 40, modifier)  # a touchpad's small steps
    assert view.zoom == pytest.approx(4 * 2 ** (200 / 400))
    assert view.image_point(QPointF(120, 80)) == pytest.approx(before, abs=0.2)
    wheel(view, (120, 80), -200, modifier)
    assert view.zoom == pytest.approx(4.0)


def test_shift_and_wheel_scroll(view: CanvasView) -> None:
    view.set_view_state(ViewState(500, 250, 4.0))
    wheel(view, (120, 80), -120, Qt.KeyboardModifier.ShiftModifier)
    assert view.zoom == 4.0
    assert view.view_state().centre_x == pytest.approx(500 + 60 / 4)


def test_keys_pan_and_zoom(qtbot: QtBot, view: CanvasView) -> None:
    view.set_view_state(ViewState(500, 250, 4.0))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert (view.view_state().centre_x, view.view_state().centre_y) == pytest.approx((516, 234))
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoom == pytest.approx(5.0)
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.zoom == pytest.approx(4.0)


def test_zoom_and_pan_stay_within_limits(view: CanvasView) -> None:
    view.set_zoom(1e9)
    assert view.zoom == 64.0
    view.set_zoom(1e-9)
    assert view.zoom == pytest.approx(0.368 / 2)
    view.pan_by(1e6, -1e6)
    assert (view.view_state().centre_x, view.view_state().centre_y) == (1000, 0)


def test_hover_tells_image_pixels_or_none(qtbot: QtBot, view: CanvasView) -> None:
    view.set_view_state(ViewState(500, 250, 2.0))
    told: list[object] = []
    view.hovered.connect(told.append)
    qtbot.mouseMove(view.viewport(), QPoint(210, 150))
    QApplication.processEvents()
    assert told[-1] == pytest.approx((505, 250), abs=0.6)
    view.set_view_state(ViewState(0, 0, 2.0))
    assert told[-1] == pytest.approx((5, 0), abs=0.6)
    qtbot.mouseMove(view.viewport(), QPoint(10, 10))
    QApplication.processEvents()
    assert told[-1] is None


def test_linked_canvases_do_not_answer_each_other(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    views = [CanvasView(box), CanvasView(box)]
    calls = []
    for view in views:
        view.setGeometry(0, 0, 300, 200)
        view.set_image_size(900, 700)
    for view, other in (views, views[::-1]):
        view.view_changed.connect(lambda v=view, o=other: (calls.append(v), o.set_view_state(v.view_state())))
    box.show()
    calls.clear()
    views[0].zoom_by(3.0, QPointF(20, 20))
    views[0].pan_by(13, 7)
    assert calls == [views[0], views[0]]
    assert views[1].view_state() == views[0].view_state()
    assert views[1].view_point(300, 300) == views[0].view_point(300, 300)
    views[1].fit()
    assert views[0].view_state() == views[1].view_state()


def test_the_curtain_is_dragged_and_moved_by_keys(qtbot: QtBot, view: CanvasView) -> None:
    told: list[float] = []
    view.curtain_moved.connect(told.append)
    view.set_curtain(0.5)
    assert told == []
    (handle,) = (child for child in view.findChildren(QWidget) if child.accessibleName() == "Curtain")
    assert handle.isVisible()
    assert handle.geometry().center().x() == pytest.approx(200, abs=1)
    drag_to = QPointF(8 + 100, 20)
    qtbot.mousePress(handle, LEFT, pos=QPoint(8, 20))
    keys = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(
        QEvent.Type.MouseMove, drag_to, handle.mapToGlobal(drag_to), Qt.MouseButton.NoButton, LEFT, keys
    )
    QApplication.sendEvent(handle, event)
    assert view.curtain == pytest.approx(0.75, abs=0.01)
    qtbot.keyClick(handle, Qt.Key.Key_Left)
    assert view.curtain == pytest.approx(0.74, abs=0.01)
    qtbot.keyClick(handle, Qt.Key.Key_Home)
    assert told[-1] == view.curtain == 0.0
    view.set_curtain(None)
    assert handle.isHidden()


def test_no_image_and_other_buttons_do_no_harm(qtbot: QtBot) -> None:
    view = CanvasView()
    qtbot.addWidget(view)
    view.show()
    told = heard(view)
    right, keys = Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseButtonPress, QPointF(5, 5), QPointF(5, 5), right, right, keys)
    QApplication.sendEvent(view.viewport(), event)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    view.fit()
    view.grab()
    assert view.visible_box() == (0, 0, 0, 0)
    assert told == []


_AT_200 = """
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from fbr_studio.drawing.pyramid import PixelPyramid
from fbr_studio.widgets.canvas import CanvasView, ImageLayer, ViewState

application = QApplication([])
view = CanvasView()
view.resize(200, 100)
photo = ImageLayer("photo")
pixels = np.random.default_rng(0).integers(0, 256, (300, 600, 3)).astype(np.uint8)
photo.set_pixels(PixelPyramid(pixels))
view.add_layer(photo)
view.set_image_size(600, 300)
view.show()
view.set_view_state(ViewState(300, 150, 1.0))
view.set_tool("draw", 4.0)
told = []
view.stroke_began.connect(lambda x, y, keys: told.append((x, y)))
QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(110, 40))
assert told == [(320.0, 130.0)], told
view.set_tool("pan")
for step in range(3):
    application.processEvents()
    view.pan_by(3, 5)
shot = view.grab().toImage()
assert shot.devicePixelRatio() == 2 and shot.width() == 400, shot.size()
left, top = (round(part) for part in view.image_point(QPoint(0, 0)))
for x, y in [(0, 0), (399, 199), (123, 77)]:
    assert shot.pixelColor(x, y).getRgb()[:3] == tuple(pixels[top + y, left + x]), (x, y)
view.close()
print("good")
"""


def test_at_200_percent_one_image_pixel_is_one_device_pixel() -> None:
    environment = os.environ | {"QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", _AT_200], env=environment, cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "good", done.stderr
