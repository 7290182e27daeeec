"""What the canvas shows: colours at known pixels, and how little is painted for a change."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fbr_studio.drawing.brush import stroke_pixels
from fbr_studio.drawing.colours import Rgb, cam_table, cam_tint_table, class_colour, class_table
from fbr_studio.drawing.mask_document import MaskDocument, Source, Stroke
from fbr_studio.drawing.pyramid import PixelPyramid, level_count, level_size
from fbr_studio.drawing.rendering import Frame
from fbr_studio.widgets.canvas import CanvasView, HeatLayer, ImageLayer, LabelLayer, ViewState
from fbr_studio.widgets.theme import theme

GREY = (100, 110, 120)


def shown(qtbot: QtBot, width: int, height: int, *layers: object, size: tuple[int, int] = (400, 300)) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(*size)
    for layer in layers:
        view.add_layer(layer)
    view.set_image_size(width, height)
    view.show()
    qtbot.waitExposed(view)
    return view


def grey_photo(width: int, height: int) -> ImageLayer:
    photo = ImageLayer("photo")
    photo.set_pixels(PixelPyramid(np.full((height, width, 3), GREY, np.uint8)))
    return photo


def colour(shot: QImage, view: CanvasView, x: float, y: float) -> Rgb:
    """Return the colour at an image point."""
    point = view.view_point(x, y)
    red, green, blue, _ = shot.pixelColor(int(point.x()), int(point.y())).getRgb()
    return red, green, blue


def pixels(view: CanvasView) -> np.ndarray:
    shot = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), shot.bytesPerLine())
    return rows[:, : 3 * shot.width()].reshape(shot.height(), shot.width(), 3).copy()


def mixed(over: Rgb, under: Rgb, alpha: float) -> tuple[float, ...]:
    return tuple(a * alpha + b * (1 - alpha) for a, b in zip(over, under, strict=True))


def test_the_photo_is_exact_at_100_percent(qtbot: QtBot) -> None:
    photo, picture = ImageLayer("photo"), np.random.default_rng(0).integers(0, 256, (600, 700, 3)).astype(np.uint8)
    photo.set_pixels(PixelPyramid(picture))
    view = shown(qtbot, 700, 600, photo)
    view.set_view_state(ViewState(350, 300, 1.0))
    assert np.array_equal(pixels(view), picture[150:450, 150:550])
    for dx, dy in [(3, 0), (-40, 25), (7, -9)]:  # what is scrolled is copied, what is uncovered is painted
        view.pan_by(dx, dy)
        left, top = (round(part) for part in view.image_point(view.viewport().rect().topLeft()))
        assert np.array_equal(pixels(view), picture[top : top + 300, left : left + 400])


def test_above_200_percent_pixels_are_squares_and_below_they_are_smooth(qtbot: QtBot) -> None:
    photo, picture = ImageLayer("photo"), np.zeros((100, 100, 3), np.uint8)
    picture[:, 50:] = 255
    photo.set_pixels(PixelPyramid(picture))
    view = shown(qtbot, 100, 100, photo)
    view.set_view_state(ViewState(50, 50, 8.0))
    assert set(pixels(view)[150, 100:300, 0]) == {0, 255}
    view.set_view_state(ViewState(50, 50, 1.7))
    assert len(set(pixels(view)[150, 150:250, 0])) > 2


def test_zoomed_out_the_photo_is_averaged(qtbot: QtBot) -> None:
    photo, picture = ImageLayer("photo"), np.zeros((2048, 2048, 3), np.uint8)
    picture[::2] = 200  # lines that single pixels would turn into bands
    photo.set_pixels(PixelPyramid(picture))
    view = shown(qtbot, 2048, 2048, photo)
    qtbot.waitUntil(lambda: photo.complete)
    for zoom in (0.1, 0.25, 0.4):
        view.set_view_state(ViewState(1024, 1024, zoom))
        view.grab()
        qtbot.waitUntil(lambda: photo.complete)
        middle = pixels(view)[130:170, 180:220]
        assert np.abs(middle.astype(int) - 100).max() <= 1


def test_outside_of_the_image_is_the_canvas_colour(qtbot: QtBot) -> None:
    view = shown(qtbot, 100, 100, grey_photo(100, 100))
    shot = view.grab().toImage()
    assert shot.pixelColor(2, 2) == theme().canvas
    assert colour(shot, view, 1, 1) == GREY
    assert colour(shot, view, 99.5, 99.5) == GREY


def test_a_preview_of_another_size_is_stretched(qtbot: QtBot) -> None:
    photo, preview = ImageLayer("photo"), np.zeros((10, 20, 3), np.uint8)
    preview[5:, 10:] = 250
    photo.set_pixels(PixelPyramid(preview))
    view = shown(qtbot, 2000, 1000, photo)
    shot = view.grab().toImage()
    assert colour(shot, view, 1500, 800) == (250, 250, 250)
    assert colour(shot, view, 500, 800) == (0, 0, 0)


@pytest.mark.parametrize("zoom", [0.5, 1.0, 3.7, 16.0])
def test_labels_are_filled_and_outlined_by_one_device_pixel(qtbot: QtBot, zoom: float) -> None:
    labels = np.zeros((200, 200), np.uint8)
    labels[60:140, 80:130] = 3
    mask = LabelLayer("mask")
    mask.set_labels(labels, class_table())
    view = shown(qtbot, 200, 200, grey_photo(200, 200), mask)
    view.set_view_state(ViewState(80, 100, zoom))
    line = pixels(view)[150].astype(int)
    outline = np.flatnonzero((line == class_colour(3)).all(axis=1))
    edge = round(view.view_point(80, 0).x())
    assert edge in outline
    assert edge + 1 not in outline
    assert edge - 1 not in outline
    inside = line[edge + 4] if zoom > 0.3 else line[edge + 2]
    assert np.abs(inside - mixed(class_colour(3), GREY, 0.45)).max() <= 2
    assert tuple(line[edge - 2]) == GREY


def test_two_classes_side_by_side_and_the_border_of_the_image(qtbot: QtBot) -> None:
    labels = np.full((50, 50), 1, np.uint8)
    labels[:, 25:] = 2
    mask = LabelLayer("mask")
    mask.set_labels(labels, class_table(0.0))
    view = shown(qtbot, 50, 50, grey_photo(50, 50), mask)
    assert colour(view.grab().toImage(), view, 25.1, 20) == GREY  # a clear class has no outline
    mask.set_table(class_table(0.45))
    view.set_view_state(ViewState(25, 25, 10.0))
    line = pixels(view)[150]
    edge = round(view.view_point(25, 0).x())
    assert tuple(line[edge - 1]) == class_colour(1)
    assert tuple(line[edge]) == class_colour(2)
    view.set_view_state(ViewState(0, 25, 10.0))
    border = round(view.view_point(0, 0).x())
    assert tuple(pixels(view)[150, border]) != class_colour(1)


def test_labels_of_another_resolution_are_stretched(qtbot: QtBot) -> None:
    labels = np.zeros((4, 8), np.uint8)
    labels[2, 5] = 1
    mask = LabelLayer("mask")
    mask.set_labels(labels, class_table(1.0), outline=False)
    view = shown(qtbot, 320, 160, grey_photo(320, 160), mask)
    shot = view.grab().toImage()
    assert colour(shot, view, 220, 100) == class_colour(1)
    assert colour(shot, view, 202, 82) == class_colour(1)
    assert colour(shot, view, 195, 100) == GREY
    assert colour(shot, view, 220, 78) == GREY


def test_heat_is_interpolated_before_it_is_coloured(qtbot: QtBot) -> None:
    heat = HeatLayer("cam")
    heat.set_values(np.array([[0, 255], [0, 255]], np.uint8), cam_table())
    view = shown(qtbot, 101, 101, grey_photo(101, 101), heat)
    view.set_view_state(ViewState(50.5, 50.5, 3.0))
    table, shot = cam_table(), view.grab().toImage()
    for column in (0, 25, 50, 75, 100):
        value = round(255 * column / 100)
        expected = mixed(tuple(table[value, :3].tolist()), GREY, table[value, 3] / 255)
        assert np.abs(np.subtract(colour(shot, view, column + 0.5, 50), expected)).max() <= 4, column
    assert colour(shot, view, 0.5, 50) == GREY  # the first sample lies on the first pixel's centre
    heat.set_table(cam_tint_table((255, 0, 0)))
    assert colour(view.grab().toImage(), view, 100.5, 50)[0] > 200


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 1), (40, 60)])
def test_heat_of_any_shape_equals_a_slow_reference(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    frame = Frame(13, 7, 90, 60, 5.3, -20.2, 1.7, 64, 48)
    table = np.zeros((256, 4), np.uint8)
    table[:, 0], table[:, 3] = np.arange(256), 255
    heat = HeatLayer("cam")
    heat.set_values(values, table)
    part = frame.on_image()
    result = heat.render(part)
    assert result is not None
    for row, column in [(0, 0), (20, 33), (part.bottom - part.top - 1, part.right - part.left - 1)]:
        y = ((part.top + row + 0.5 + 20.2) / 1.7 - 0.5) * (shape[0] - 1) / 47
        x = ((part.left + column + 0.5 - 5.3) / 1.7 - 0.5) * (shape[1] - 1) / 63
        y, x = min(max(y, 0), shape[0] - 1), min(max(x, 0), shape[1] - 1)
        lower, right = min(int(y) + 1, shape[0] - 1), min(int(x) + 1, shape[1] - 1)
        above = values[int(y), int(x)] * (1 - x % 1) + values[int(y), right] * (x % 1)
        below = values[lower, int(x)] * (1 - x % 1) + values[lower, right] * (x % 1)
        assert abs((result[row, column] >> 16 & 255) - (above * (1 - y % 1) + below * (y % 1))) <= 0.51


def test_the_curtain_divides_the_layers(qtbot: QtBot) -> None:
    left, right = LabelLayer("one", side="left"), LabelLayer("two", side="right")
    left.set_labels(np.full((100, 100), 1, np.uint8), class_table(1.0))
    right.set_labels(np.full((100, 100), 2, np.uint8), class_table(1.0))
    view = shown(qtbot, 100, 100, grey_photo(100, 100), left, right)
    view.set_curtain(0.6)
    view.set_view_state(ViewState(50, 50, 4.0))
    line = pixels(view)[40]
    assert tuple(line[225]) == class_colour(1)
    assert tuple(line[255]) == class_colour(2)
    view.pan_by(10, 0)
    assert tuple(pixels(view)[40, 225]) == class_colour(1)
    view.set_curtain(0.5)
    assert tuple(pixels(view)[40, 225]) == class_colour(2)
    right.side = "both"
    assert tuple(pixels(view)[40, 100]) == class_colour(2)
    right.side = "right"
    view.set_curtain(None)
    assert tuple(pixels(view)[40, 100]) == class_colour(2)  # without a curtain all layers are whole


def test_hiding_opacity_and_removing(qtbot: QtBot) -> None:
    mask = LabelLayer("mask")
    mask.set_labels(np.full((100, 100), 1, np.uint8), class_table(1.0), outline=False)
    photo = grey_photo(100, 100)
    view = shown(qtbot, 100, 100, photo, mask)
    assert view.layers == (photo, mask)
    mask.visible = False
    assert colour(view.grab().toImage(), view, 50, 50) == GREY
    mask.visible, mask.opacity = True, 0.5
    expected = mixed(class_colour(1), GREY, 0.5)
    assert np.abs(np.subtract(colour(view.grab().toImage(), view, 50, 50), expected)).max() <= 2
    mask.set_opacity(7.0)
    assert mask.opacity == 1.0
    view.remove_layer(mask)
    assert colour(view.grab().toImage(), view, 50, 50) == GREY
    mask.set_opacity(0.3)
    assert view.layers == (photo,)
    photo.set_pixels(None)
    assert view.grab().toImage().pixelColor(200, 150) == theme().canvas


def test_a_fade_ends_where_it_should(qtbot: QtBot) -> None:
    mask = LabelLayer("mask")
    mask.fade_to(0.0, 40)
    qtbot.waitUntil(lambda: mask.opacity == 0.0, timeout=2000)
    mask.fade_to(1.0, 10_000)
    mask.set_opacity(0.5)  # stops it
    qtbot.wait(30)
    assert mask.opacity == 0.5


class Watched(LabelLayer):
    """A mask that notes what it was asked to paint."""

    def __init__(self) -> None:
        super().__init__("mask")
        self.frames: list[Frame] = []

    def render(self, frame: Frame) -> np.ndarray | None:
        self.frames.append(frame)
        return super().render(frame)


@pytest.mark.parametrize("zoom", [0.3, 1.0, 6.0])
def test_a_dab_paints_only_what_it_changed(qtbot: QtBot, zoom: float) -> None:
    document, mask = MaskDocument(np.zeros((1000, 1200), np.uint8)), Watched()
    mask.set_labels(document.classes, class_table())
    view = shown(qtbot, 1200, 1000, grey_photo(1200, 1000), mask)
    view.set_view_state(ViewState(600, 500, zoom))
    view.grab()
    stroke = Stroke(document, 2, Source.BRUSH)
    for start, end in pairwise([(590.0, 490.0), (600.0, 505.0), (612.0, 500.0)]):
        found = stroke_pixels([start, end], 6.0, document.shape)
        assert found is not None
        mask.frames.clear()
        mask.update_labels(stroke.add(*found))
        qtbot.waitUntil(lambda: bool(mask.frames))
        area = sum((f.right - f.left) * (f.bottom - f.top) for f in mask.frames)
        assert 0 < area <= (40 * zoom + 12) ** 2
    after_dabs = pixels(view)
    mask.changed.emit(None)
    assert np.array_equal(pixels(view), after_dabs)  # painting all again changes nothing: no part was missed
    mask.frames.clear()
    edit = stroke.finish()
    assert edit is not None
    mask.update_labels(document.apply(edit, undo=True))
    blank = pixels(view)
    assert (blank == GREY).all() or zoom < 0.5
    assert not (blank == class_colour(2)).all(axis=-1).any()


def test_moving_the_brush_paints_no_layer(qtbot: QtBot) -> None:
    mask = Watched()
    mask.set_labels(np.ones((300, 300), np.uint8), class_table())
    view = shown(qtbot, 300, 300, grey_photo(300, 300), mask)
    view.set_tool("draw", 20.0)
    plain = pixels(view)
    mask.frames.clear()
    for x in (100, 150, 200):
        qtbot.mouseMove(view.viewport(), QPoint(x, 150))
        QApplication.processEvents()
    assert mask.frames == []
    assert not np.array_equal(pixels(view), plain)  # but its circle is there
    view.set_tool("pan")
    assert np.array_equal(pixels(view), plain)


def test_panning_paints_strips(qtbot: QtBot) -> None:
    mask = Watched()
    mask.set_labels(np.ones((3000, 3000), np.uint8), class_table())
    view = shown(qtbot, 3000, 3000, grey_photo(3000, 3000), mask)
    view.set_view_state(ViewState(1500, 1500, 1.0))
    view.grab()
    QApplication.processEvents()
    mask.frames.clear()
    view.pan_by(10, 6)
    QApplication.processEvents()
    area = sum((f.right - f.left) * (f.bottom - f.top) for f in mask.frames)
    assert 0 < area <= 10 * 300 + 6 * 400


class Endless:
    """A photo of 16,384 px of which nothing exists until it is asked for; notes how much that is."""

    shape = (16384, 16384)
    levels = level_count(*shape)

    def __init__(self) -> None:
        self.most = 0

    def level_shape(self, level: int) -> tuple[int, int]:
        return level_size(*self.shape, level)

    def advance(self, level: int, box: tuple[int, int, int, int], seconds: float) -> bool:
        return True

    def region(self, level: int, box: tuple[int, int, int, int]) -> np.ndarray:
        result = np.full((box[2] - box[0], box[3] - box[1], 3), 20 + level * 10, np.uint8)
        self.most = max(self.most, result.nbytes)
        return result


def test_a_photo_of_16384_px_reads_no_more_than_the_window_shows(qtbot: QtBot) -> None:
    photo, pixels_ = ImageLayer("photo"), Endless()
    photo.set_pixels(pixels_)
    view = shown(qtbot, 16384, 16384, photo)
    for zoom in (view.zoom, 0.04, 0.1, 0.51, 1.0, 1.9, 5.0):
        view.set_view_state(ViewState(8000, 9000, zoom))
        view.grab()
        assert pixels_.most <= 4.5 * 400 * 300 * 3


def test_labels_of_16384_px_open_in_little_time_and_memory(qtbot: QtBot) -> None:
    labels = np.zeros((16384, 16384), np.uint8)  # pages nobody writes take no memory
    labels[8000:8100, 8000:8100] = 3
    mask = LabelLayer("mask")
    mask.set_labels(labels, class_table())
    view = shown(qtbot, 16384, 16384, mask)
    tracemalloc.start()
    try:
        view.set_view_state(ViewState(8050, 8050, 1.0))
        shot = view.grab().toImage()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 16 * 2**20
    canvas = theme().canvas.getRgb()[:3]
    assert np.abs(np.subtract(colour(shot, view, 8050, 8050), mixed(class_colour(3), canvas, 0.45))).max() <= 2


def test_what_takes_long_is_shown_roughly_first(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from fbr_studio.widgets.canvas import layers

    monkeypatch.setattr(layers, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(layers, "_SLICE_S", 0.001)
    labels = np.zeros((3000, 3000), np.uint8)
    labels[1000:2000, 1000:2000] = 3
    mask = LabelLayer("mask")
    mask.set_labels(labels, class_table(1.0))
    view = shown(qtbot, 3000, 3000, mask)
    shot = view.grab().toImage()
    assert colour(shot, view, 1500, 1500) == class_colour(3)
    assert not mask.complete
    qtbot.waitUntil(lambda: mask.complete)
    assert colour(view.grab().toImage(), view, 1500, 1500) == class_colour(3)
    mask.set_labels(None)
    assert view.grab().toImage().pixelColor(200, 150) == theme().canvas


def test_dark_and_light_repaint_the_canvas(qtbot: QtBot, qapp: QApplication) -> None:
    from fbr_studio.widgets.theme import DARK, LIGHT, apply_theme

    view = shown(qtbot, 10, 10)
    assert view.grab().toImage().pixelColor(2, 2) == DARK.canvas
    apply_theme(qapp, "light")
    QApplication.processEvents()
    assert view.grab().toImage().pixelColor(2, 2) == LIGHT.canvas
