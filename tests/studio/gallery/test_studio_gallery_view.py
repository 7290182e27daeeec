"""The gallery under real keys and a real mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gallery_fakes import NotedCells, NotedThumbnails
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QContextMenuEvent, QDragEnterEvent, QDropEvent, QImage, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fbr_studio.widgets.gallery.cell import STATE_TEXTS, Cell
from fbr_studio.widgets.gallery.gallery_view import GalleryView
from fbr_studio.widgets.gallery.state_marks import shape_of
from fbr_studio.widgets.theme import apply_theme, theme

Key = Qt.Key
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LEFT = Qt.MouseButton.LeftButton
MakeView = Callable[..., GalleryView]


def middle(view: GalleryView, id: int) -> QPoint:
    index = view._selection.order.index(id)
    assert index is not None
    return view._box(index).center()


def click(qtbot: QtBot, view: GalleryView, id: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    qtbot.mouseClick(view.viewport(), LEFT, modifiers, middle(view, id))


def wheel(view: GalleryView, turn: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    where = QPointF(view.viewport().rect().center())
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        where,
        view.viewport().mapToGlobal(where),
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        modifiers,
        phase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def grabbed(view: GalleryView) -> QImage:
    return view.viewport().grab().toImage()


def test_a_click_makes_current_and_selects(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    with qtbot.waitSignals([view.current_changed, view.selection_changed]):
        click(qtbot, view, 3)
    assert view.current_id == 3
    assert view.selected_ids() == [3]
    assert "photo-3.jpg" in view.accessibleDescription()
    assert "3 of 60" in view.accessibleDescription()


def test_ctrl_and_shift_clicks_select_more(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    click(qtbot, view, 2)
    click(qtbot, view, 5, CTRL)
    assert view.selected_ids() == [2, 5]
    click(qtbot, view, 5, CTRL)
    assert view.selected_ids() == [2]
    click(qtbot, view, 7, SHIFT)
    assert view.selected_ids() == [5, 6, 7]
    click(qtbot, view, 4, SHIFT)
    assert view.selected_ids() == [4, 5]
    assert view.current_id == 4


def test_a_click_beside_the_cells_clears(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view(count=2)
    click(qtbot, view, 1)
    qtbot.mouseClick(view.viewport(), LEFT, NONE, view.viewport().rect().bottomRight() - QPoint(5, 5))
    assert view.selected_ids() == []
    assert view.current_id == 1


def test_pulling_a_rectangle_selects_what_it_touches(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    columns = view._layout.columns
    qtbot.mousePress(view.viewport(), LEFT, NONE, middle(view, 1))
    qtbot.mouseMove(view.viewport(), middle(view, 2))
    qtbot.mouseMove(view.viewport(), middle(view, columns + 2))
    assert view.selected_ids() == [1, 2, columns + 1, columns + 2]
    assert grabbed(view) != QImage()
    qtbot.mouseRelease(view.viewport(), LEFT, NONE, middle(view, columns + 2))
    click(qtbot, view, 4, CTRL)
    assert view.selected_ids() == [1, 2, 4, columns + 1, columns + 2]


def test_keys_move_extend_and_toggle(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    columns = view._layout.columns
    view.set_current(1)
    for key, current in (
        (Key.Key_Right, 2),
        (Key.Key_Down, 2 + columns),
        (Key.Key_Left, 1 + columns),
        (Key.Key_Up, 1),
        (Key.Key_Up, 1),
        (Key.Key_End, 60),
        (Key.Key_Home, 1),
        (Key.Key_PageDown, 1 + view._layout.page),
        (Key.Key_PageUp, 1),
    ):
        qtbot.keyClick(view, key)
        assert view.current_id == current
        assert view.selected_ids() == [current]
        assert current in view.visible_ids()
    qtbot.keyClick(view, Key.Key_Right, SHIFT)
    qtbot.keyClick(view, Key.Key_Right, SHIFT)
    assert view.selected_ids() == [1, 2, 3]
    qtbot.keyClick(view, Key.Key_Space)
    assert view.selected_ids() == [1, 2]
    qtbot.keyClick(view, Key.Key_A, CTRL)
    assert len(view.selected_ids()) == 60
    view.clear_selection()
    assert view.selected_ids() == []
    assert view.current_id == 3


def test_enter_and_double_click_activate(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    heard: list[int] = []
    view.activated.connect(heard.append)
    view.set_current(2)
    qtbot.keyClick(view, Key.Key_Return)
    qtbot.mouseDClick(view.viewport(), LEFT, NONE, middle(view, 5))
    assert heard == [2, 5]
    assert view.selected_ids() == [5]


def test_keys_of_the_room_pass_through(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    view.set_current(1)
    event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_1, NONE, "1")
    QApplication.sendEvent(view, event)
    assert not event.isAccepted()


def test_the_menu_is_asked_for_by_button_and_key(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    heard: list[int] = []
    view.context_requested.connect(lambda id, _where: heard.append(id))
    view.select([3, 4])
    view.set_current(3)
    for id, kept in ((4, [3, 4]), (6, [6])):
        where = middle(view, id)
        qtbot.mousePress(view.viewport(), Qt.MouseButton.RightButton, NONE, where)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, view.viewport().mapToGlobal(where))
        QApplication.sendEvent(view.viewport(), event)
        assert view.selected_ids() == kept
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), view.mapToGlobal(QPoint()))
    QApplication.sendEvent(view.viewport(), event)
    assert heard == [4, 6, 6]


def test_another_order_keeps_selection_current_and_place(make_view: MakeView) -> None:
    view = make_view(count=400)
    view.select([100, 200, 300])
    view.set_current(200)
    place = middle(view, 200)
    view.set_ids([id for id in range(1, 401) if id % 2 == 0])
    assert view.current_id == 200
    assert view.selected_ids() == [100, 200, 300]
    assert middle(view, 200).y() == place.y()
    view.set_ids(np.arange(400, 0, -1))
    assert view.selected_ids() == [300, 200, 100]
    assert middle(view, 200).y() == place.y()


def test_when_the_current_image_leaves_its_neighbour_follows(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    view.set_current(7)
    with qtbot.waitSignal(view.current_changed) as heard:
        view.set_ids([id for id in range(1, 61) if id != 7])
    assert heard.args == [8]
    assert view.selected_ids() == [8]
    view.set_ids([])
    assert view.current_id is None
    assert view.visible_ids() == []
    assert view.accessibleDescription() == ""


def test_set_current_keeps_a_selection_it_belongs_to(make_view: MakeView) -> None:
    view = make_view()
    view.select([2, 3])
    view.set_current(3)
    assert view.selected_ids() == [2, 3]
    view.set_current(9)
    assert view.selected_ids() == [9]
    view.set_current(1234)
    assert view.current_id == 9


def test_a_hundred_thousand_ask_for_a_page_only(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view(count=100_000)
    cells, thumbnails = NotedCells(), NotedThumbnails(view)
    view.set_source(cells)
    view.set_thumbnails(thumbnails)
    qtbot.waitUntil(lambda: bool(cells.asked and thumbnails.requests))
    page = len(view.visible_ids())
    assert page < 30
    assert len(cells.asked) == 1
    assert len(cells.asked[0]) <= 2 * page
    ids, side = thumbnails.requests[-1]
    assert ids[:page] == view.visible_ids()
    assert page < len(ids) <= 3 * page
    assert side == 160
    view.set_current(50_000)
    qtbot.waitUntil(lambda: len(thumbnails.requests) > 1)
    ids, _ = thumbnails.requests[-1]
    assert 50_000 in ids[: len(view.visible_ids())]
    assert len(ids) <= 4 * page
    distances = [min(abs(id - seen) for seen in view.visible_ids()) for id in ids]
    assert distances == sorted(distances)
    view.select_all()
    assert len(view.selected_ids()) == 100_000
    assert max(map(len, cells.asked)) <= 3 * page


def test_scrolling_by_rows_reads_cells_in_pages(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view(count=10_000)
    cells = NotedCells()
    view.set_source(cells)
    for _ in range(20):
        wheel(view, -120)
        grabbed(view)
    read = [id for asked in cells.asked for id in asked]
    assert len(read) == len(set(read))
    assert len(cells.asked) < 16


def test_visible_images_are_told_once_in_a_while(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view(count=5000)
    heard: list[list[int]] = []
    view.visible_changed.connect(heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    for _ in range(30):
        wheel(view, -120)
    qtbot.wait(250)
    assert 2 <= len(heard) <= 3
    assert heard[-1] == view.visible_ids()


def test_refresh_reads_cells_anew(make_view: MakeView) -> None:
    view = make_view()
    cells = NotedCells()
    view.set_source(cells)
    before = grabbed(view)
    cells.suffix = "-renamed"
    assert grabbed(view) == before
    view.refresh([2])
    assert grabbed(view) != before
    assert cells.asked[-1] == [2]


def test_thumbnails_are_letterboxed_and_failures_say_why(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    thumbnails = NotedThumbnails(view)
    view.set_thumbnails(thumbnails)
    qtbot.waitUntil(lambda: bool(thumbnails.requests))
    thumbnails.answer(2)
    thumbnails.failed.emit(3, "the image is <broken>")
    qtbot.waitUntil(lambda: bool(view._feed.shelf.reason(3)))
    image = grabbed(view)
    box = view._painter.thumbnail_box(view._box(1).x(), view._box(1).y())
    assert image.pixelColor(box.center()) == QColor("#00ff00")
    assert image.pixelColor(box.center().x(), box.top() + 20) == theme().canvas
    assert "the image is &lt;broken&gt;" in view.tip_of(3)
    assert "photo-3.jpg" in view.tip_of(3)
    asked = len(thumbnails.requests)
    view.reload_thumbnails([3])
    qtbot.waitUntil(lambda: len(thumbnails.requests) > asked)
    assert 3 in thumbnails.requests[-1][0]
    assert 2 not in thumbnails.requests[-1][0]


def test_a_hidden_gallery_stops_loading(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    thumbnails = NotedThumbnails(view)
    view.set_thumbnails(thumbnails)
    qtbot.waitUntil(lambda: bool(thumbnails.requests))
    view.hide()
    assert thumbnails.requests[-1][0] == []
    view.show()
    qtbot.waitUntil(lambda: bool(thumbnails.requests[-1][0]))


def test_ctrl_wheel_changes_the_side_within_limits(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view(count=400)
    thumbnails = NotedThumbnails(view)
    view.set_thumbnails(thumbnails)
    view.set_current(200)
    wheel(view, 120, CTRL)
    assert view.thumbnail_side == 176
    assert 200 in view.visible_ids()
    for _ in range(30):
        wheel(view, 120, CTRL)
    assert view.thumbnail_side == 320
    qtbot.waitUntil(lambda: bool(thumbnails.requests) and thumbnails.requests[-1][1] == 320)
    view.thumbnail_side = 10
    assert view.thumbnail_side == 96
    assert 200 in view.visible_ids()


def test_resizing_keeps_the_current_image_in_view(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view(count=5000)
    view.set_current(2500)
    for width, height in ((400, 300), (1200, 900), (700, 250)):
        view.resize(width, height)
        assert 2500 in view.visible_ids()


def test_a_strip_scrolls_sideways(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view(count=500, width=800, height=260)
    view.orientation = "strip"
    first = view.visible_ids()
    assert first[0] == 1
    assert len(first) <= 6
    wheel(view, -120)
    assert view.visible_ids()[0] > 1
    view.set_current(250)
    qtbot.keyClick(view, Key.Key_Right)
    assert view.current_id == 251
    assert 251 in view.visible_ids()
    qtbot.keyClick(view, Key.Key_Down)
    assert view.current_id == 251
    click(qtbot, view, 250)
    assert view.current_id == 250
    assert view.minimumSizeHint().height() < 260
    view.orientation = "grid"
    assert 250 in view.visible_ids()


@pytest.mark.parametrize("appearance", ["dark", "light"])
def test_selected_cells_have_the_accent_frame(
    qtbot: QtBot, qapp: QApplication, make_view: MakeView, appearance: str
) -> None:
    apply_theme(qapp, appearance)
    view = make_view()
    view.select([2, 4])
    image = grabbed(view)

    def framed(id: int) -> bool:
        cell = view._box(id - 1)
        box = view._painter.thumbnail_box(cell.x(), cell.y())
        return image.pixelColor(box.left() - 2, box.center().y()) == theme().accent

    assert [id for id in range(1, 9) if framed(id)] == [2, 4]
    assert theme().dark == (appearance == "dark")
    assert image.pixelColor(1, 1) == theme().window


def test_each_state_has_its_own_shape(make_view: MakeView) -> None:
    shapes = [shape_of(state) for state in STATE_TEXTS if state not in ("tagged", "untagged")]
    assert all(a != b for i, a in enumerate(shapes) for b in shapes[:i])


def test_the_look_changes_while_shown(qapp: QApplication, make_view: MakeView) -> None:
    view = make_view()
    dark = grabbed(view)
    apply_theme(qapp, "light")
    assert grabbed(view) != dark
    assert grabbed(view).pixelColor(1, 1) == theme().window


def test_focus_shows_at_the_current_cell(qtbot: QtBot, make_view: MakeView) -> None:
    view = make_view()
    view.set_current(2)
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    focused = grabbed(view)
    view.clearFocus()
    assert grabbed(view) != focused


def test_dropped_files_are_told(qtbot: QtBot, make_view: MakeView, tmp_path: Path) -> None:
    view = make_view()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a folder ä")), QUrl("https://example.org/x.jpg")])
    actions, buttons = Qt.DropAction.CopyAction, LEFT
    enter = QDragEnterEvent(QPoint(10, 10), actions, data, buttons, NONE)
    QApplication.sendEvent(view.viewport(), enter)
    assert enter.isAccepted()
    with qtbot.waitSignal(view.files_dropped) as heard:
        QApplication.sendEvent(view.viewport(), QDropEvent(QPointF(10, 10), actions, data, buttons, NONE))
    assert heard.args == [[tmp_path / "a folder ä"]]
    text = QMimeData()
    text.setText("no file")
    enter = QDragEnterEvent(QPoint(10, 10), actions, text, buttons, NONE)
    enter.ignore()
    QApplication.sendEvent(view.viewport(), enter)
    assert not enter.isAccepted()


def test_names_that_are_not_text_are_drawn_and_told(make_view: MakeView) -> None:
    class Odd(NotedCells):
        def cells(self, ids):  # type: ignore[no-untyped-def]
            return [Cell(id, "f\udcffo.jpg") for id in ids]

    view = make_view()
    view.set_source(Odd())
    view.set_current(1)
    grabbed(view)
    assert "jpg" in view.tip_of(1)
    assert "jpg" in view.accessibleDescription()
