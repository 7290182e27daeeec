"""Painting with real pointer events: the right pixels, undo to the exact start, nothing lost."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from fbr_engine.errors import WriteError
from fbr_studio.drawing.brush import stroke_pixels
from fbr_studio.drawing.mask_document import Source


def _brush(bench, class_number=2, radius=4.0):
    bench.trigger("brush")
    bench.trigger(f"class_{class_number}")
    bench.room.tools.radius = radius
    bench.room.tools.choose("brush")
    return bench.room.desk.classes[class_number - 1].id


def test_the_brush_paints_the_right_pixels(bench):
    class_id = _brush(bench)
    start = bench.room.desk.run_mask.copy()
    ends = [bench.canvas.image_point(bench.at(*point)) for point in ((20, 30), (50, 40))]
    bench.stroke((20, 30), (50, 40))
    kept = bench.room.desk.mine
    box, pixels = stroke_pixels(ends, 4.0, (96, 96))
    expected = start.copy()
    expected[box[0] : box[2], box[1] : box[3]][pixels] = class_id
    assert np.array_equal(kept.document.classes, expected)
    assert np.count_nonzero(pixels) > 200
    painted = (kept.document.classes == class_id) & (start != class_id)
    assert (kept.document.source[painted] == Source.BRUSH).all()
    assert (kept.document.source[kept.document.classes == start] == Source.RUN).all()


def test_painting_shows_at_once(bench):
    _brush(bench)
    bench.stroke((10, 10), (12, 10))
    before = bench.look()
    bench.stroke((10, 80), (80, 80), release=False)
    assert (bench.look() != before).any()
    assert bench.room.desk.painter.active
    QTest.mouseRelease(bench.canvas.viewport(), Qt.MouseButton.LeftButton, pos=bench.at(80, 80))


def test_right_button_alt_and_the_eraser_erase(bench):
    _brush(bench)
    bench.stroke((20, 20), (60, 20))
    bench.stroke((30, 20), (34, 20), button=Qt.MouseButton.RightButton)
    assert bench.mine[20, 32] == 0
    assert bench.room.desk.mine.document.source[20, 32] == Source.ERASER
    bench.stroke((45, 20), modifiers=Qt.KeyboardModifier.AltModifier)
    assert bench.mine[20, 45] == 0
    bench.trigger("eraser")
    bench.stroke((55, 20))
    assert bench.mine[20, 55] == 0


def test_shift_draws_a_line_from_the_last_point(bench):
    class_id = _brush(bench, radius=1.0)
    bench.stroke((10, 50))
    bench.stroke((80, 50), modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert (bench.mine[50, 10:81] == class_id).all()


def test_undo_goes_back_to_the_exact_start_and_redo_forward(bench):
    _brush(bench)
    start = bench.room.desk.run_mask.copy()
    look = bench.look()
    for y in (10, 40, 70):
        bench.stroke((10, y), (80, y))
    end = bench.mine
    for _ in range(3):
        bench.trigger("undo")
    assert bench.room.desk.mine is None
    assert np.array_equal(bench.room.desk.keeper.get(bench.session.image).document.classes, start)
    bench.trigger("pan")
    QTest.mouseMove(bench.canvas.viewport(), bench.at(1, 1))
    assert (bench.look() != look).mean() < 0.02  # the pointer's circle has gone, nothing else
    for _ in range(3):
        bench.trigger("redo")
    assert np.array_equal(bench.mine, end)


def test_escape_cancels_a_stroke(bench):
    _brush(bench)
    bench.canvas.setFocus()
    bench.stroke((10, 10), (80, 80), release=False)
    assert bench.room.desk.mine is not None
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    assert bench.room.desk.mine is None
    assert not bench.project.person_masks.ids()
    QTest.mouseRelease(bench.canvas.viewport(), Qt.MouseButton.LeftButton, pos=bench.at(80, 80))


def test_each_image_keeps_its_own_undo(bench):
    _brush(bench)
    first = bench.session.image
    bench.stroke((10, 10), (80, 10))
    other = bench.room.filmstrip.neighbour(first, 1) or bench.room.filmstrip.neighbour(first, -1)
    bench.go_to(other)
    assert not bench.room.desk.can_undo
    bench.stroke((10, 80), (80, 80))
    bench.go_to(first)
    assert bench.room.desk.can_undo
    bench.trigger("undo")
    assert bench.room.desk.mine is None


def test_a_stroke_is_saved_soon_and_read_back_the_same(bench, make_bench, trained, qtbot):
    _brush(bench)
    heard = []
    bench.session.person_mask_changed.connect(heard.append)
    bench.stroke((10, 10), (80, 60))
    painted, image = bench.mine, bench.session.image
    qtbot.waitUntil(lambda: not bench.room.desk.keeper.dirty, timeout=6000)
    assert image in heard
    bench.session.close()
    again = make_bench(trained.open(write=True))
    again.go_to(image)
    assert np.array_equal(again.mine, painted)
    assert not again.room.desk.keeper.dirty


def test_leaving_the_image_and_closing_save(bench, trained):
    _brush(bench)
    image = bench.session.image
    bench.stroke((10, 10), (80, 60))
    painted = bench.mine
    bench.session.close()
    with trained.open() as project:
        assert np.array_equal(project.person_masks.load(image).classes, painted)


def test_save_work_says_whether_all_is_saved(bench, monkeypatch):
    _brush(bench)
    bench.stroke((10, 10), (80, 60))
    assert bench.room.save_work()
    assert bench.project.person_masks.ids() == [bench.session.image]

    def refuse(*_args):
        raise WriteError("the disk is full: make room")

    bench.stroke((10, 50), (80, 50))
    with monkeypatch.context() as patch:
        patch.setattr(bench.project.person_masks, "save", refuse)
        assert not bench.room.save_work()
        assert bench.room.desk.keeper.dirty
        assert "the disk is full" in bench.room.messages.text
        assert bench.room.messages.remedies[0].text() == "Try again"
    bench.room.messages.remedies[0].click()
    bench.qtbot.waitUntil(lambda: not bench.room.desk.keeper.dirty, timeout=5000)


def test_strokes_survive_a_crash(bench, make_bench, trained, tmp_path):
    """The folder is copied as it lies between a stroke and its save, as if the program had been killed there."""
    _brush(bench)
    image = bench.session.image
    bench.stroke((10, 10), (80, 60))
    assert bench.room.save_work()
    bench.stroke((10, 80), (80, 80))
    painted = bench.mine
    assert bench.room.desk.keeper.dirty
    killed = trained.copy(tmp_path / "killed")
    again = make_bench(killed.open(write=True))
    again.go_to(image)
    assert np.array_equal(again.mine, painted)
    assert "1 stroke" in again.room.messages.text
    assert again.room.save_work()


def test_the_first_stroke_survives_a_crash_before_anything_was_saved(bench, make_bench, trained, tmp_path, monkeypatch):
    _brush(bench)
    image = bench.session.image
    with monkeypatch.context() as patch:
        patch.setattr(bench.room.desk.keeper._pool, "start", lambda _: None)
        bench.stroke((10, 10), (80, 60))
        painted = bench.mine
        assert bench.project.person_masks.ids() == []
        killed = trained.copy(tmp_path / "killed")
    again = make_bench(killed.open(write=True))
    again.go_to(image)
    assert np.array_equal(again.mine, painted)


def test_a_merged_class_is_the_other_one_in_painted_masks_too(bench):
    class_id = _brush(bench, 2)
    names = [c.name for c in bench.room.desk.classes]
    bench.stroke((10, 10), (80, 10))
    bench.session.merge_class(names[1], names[0])
    bench.settle()
    into = bench.room.desk.classes[0].id
    assert bench.mine[10, 40] == into
    assert class_id not in bench.mine


def test_back_to_the_runs_mask_is_an_edit_like_any_other(bench, qtbot):
    _brush(bench)
    start = bench.room.desk.run_mask.copy()
    bench.stroke((10, 10), (80, 60))
    painted = bench.mine
    source = bench.room.desk.mine.document.source.copy()
    bench.room.save_work()
    bench.trigger("restore")
    assert bench.room.desk.mine is None
    assert "brings it back" in bench.room.messages.text
    qtbot.waitUntil(lambda: bench.project.person_masks.ids() == [], timeout=5000)
    assert np.array_equal(bench.room.desk.keeper.get(bench.session.image).document.classes, start)
    bench.trigger("undo")
    assert np.array_equal(bench.mine, painted)
    assert np.array_equal(bench.room.desk.mine.document.source, source)
    assert bench.room.save_work()
    assert np.array_equal(bench.project.person_masks.load(bench.session.image).classes, painted)
    bench.trigger("redo")
    assert bench.room.desk.mine is None
    assert bench.room.save_work()
    assert bench.project.person_masks.ids() == []


def test_painting_goes_on_after_going_back(bench):
    _brush(bench)
    bench.stroke((10, 10), (80, 60))
    painted = bench.mine
    bench.trigger("restore")
    bench.room.desk.set_panel(threshold=0.8, refine="none")
    bench.settle()
    other = bench.room.desk.run_mask.copy()
    bench.stroke((10, 80), (80, 80))
    differs = bench.mine != other
    assert differs.any()
    assert not differs[:70].any()
    bench.trigger("undo")
    assert bench.room.desk.mine is None
    bench.trigger("undo")
    assert np.array_equal(bench.mine, painted)
    assert bench.room.save_work()
    assert np.array_equal(bench.project.person_masks.load(bench.session.image).classes, painted)


def test_a_mask_gone_back_on_stays_gone(bench, make_bench, trained):
    _brush(bench)
    image = bench.session.image
    bench.stroke((10, 10), (80, 60))
    bench.room.save_work()
    bench.trigger("restore")
    bench.session.close()
    again = make_bench(trained.open(write=True))
    again.go_to(image)
    assert again.room.desk.mine is None
    assert again.room.messages.text == ""


def test_brush_sizes(bench):
    bench.trigger("brush")
    before = bench.room.tools.radius
    QTest.keyClick(bench.canvas, Qt.Key.Key_BracketRight)
    assert bench.room.tools.radius > before
    QTest.keyClick(bench.canvas, Qt.Key.Key_BracketLeft)
    assert bench.room.tools.radius == before
