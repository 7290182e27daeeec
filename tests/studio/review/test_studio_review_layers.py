"""What the eye, the slider and the solo button of each layer do to the picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest


def _rows(bench):
    return bench.room.panel.layers.rows


@pytest.mark.parametrize("name", ["image", "cam", "nroi", "mask", "mine"])
def test_each_eye_changes_the_picture(bench, name):
    if name == "mine":
        bench.trigger("brush")
        bench.stroke((5, 5), (60, 60))
    bench.trigger("pan")
    before = bench.look()
    QTest.mouseClick(_rows(bench)[name].eye, Qt.MouseButton.LeftButton)
    after = bench.look()
    assert (before != after).any()
    QTest.mouseClick(_rows(bench)[name].eye, Qt.MouseButton.LeftButton)
    assert np.array_equal(bench.look(), before)


@pytest.mark.parametrize("name", ["image", "cam", "nroi", "mask"])
def test_opacity_and_solo_change_the_picture(bench, name):
    bench.room.desk.set_layer(name, visible=True)
    before = bench.look()
    _rows(bench)[name].opacity.setValue(20)
    faint = bench.look()
    assert (before != faint).any()
    QTest.mouseClick(_rows(bench)[name].solo, Qt.MouseButton.LeftButton)
    assert (faint != bench.look()).any()
    QTest.mouseClick(_rows(bench)[name].solo, Qt.MouseButton.LeftButton)
    assert np.array_equal(bench.look(), faint)


def test_keys_toggle_layers(bench):
    bench.canvas.setFocus()
    before = bench.look()
    QTest.keyClick(bench.canvas, Qt.Key.Key_H)
    assert bench.room.desk.shown.layer("cam").visible
    assert (bench.look() != before).any()
    QTest.keyClick(bench.canvas, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert not bench.room.desk.shown.layer("image").visible


def test_the_cam_of_a_class_differs_from_that_of_all(bench):
    bench.room.desk.set_layer("cam", visible=True)
    bench.room.desk.set_layer("mask", visible=False)
    seen = {}
    for number in (1, 2, 3):
        QTest.keyClick(bench.canvas, Qt.Key(Qt.Key.Key_0 + number))
        assert bench.room.desk.shown.cam_class == bench.room.desk.classes[number - 1].id
        assert bench.room.desk.shown.brush_class == bench.room.desk.classes[number - 1].id
        seen[number] = bench.look()
    assert (seen[1] != seen[2]).any()
    QTest.keyClick(bench.canvas, Qt.Key.Key_0)
    assert bench.room.desk.shown.cam_class is None


def test_hover_tells_what_is_under_the_pointer(bench):
    QTest.mouseMove(bench.canvas.viewport(), bench.at(40, 41))
    text = bench.room.readout.toolTip()
    assert text.startswith("x 40 y 41 px")
    assert "%" in text
    material = bench.room.desk.material
    label = int(bench.room.desk.run_mask[41, 40])
    assert (bench.room.desk.names[label] if label else "background") in text
    assert "(run)" in text
    assert material.photo.size == (96, 96)


def test_the_nroi_under_the_pointer_stands_out(bench):
    bench.room.desk.set_layer("nroi", visible=True)
    bench.room.desk.set_layer("mask", visible=False)
    before = bench.look()
    labels = bench.room.desk.look.maps.nroi_labels
    rows, columns = np.nonzero(labels != 255)
    y, x = int((rows[0] + 0.5) * 96 / labels.shape[0]), int((columns[0] + 0.5) * 96 / labels.shape[1])
    QTest.mouseMove(bench.canvas.viewport(), bench.at(x, y))
    assert f"NROI {labels[rows[0], columns[0]] + 1}" in bench.room.readout.toolTip()
    assert (bench.look() != before).any()
