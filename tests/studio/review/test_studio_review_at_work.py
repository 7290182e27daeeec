"""What a person at work must be able to rely on: nothing moves by itself, every key answers, words are whole."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from review_bench import image_with_mask, lively, second_run

from fbr_engine.project import ImageFilter
from fbr_studio.rooms.review.viewer_state import MASK
from fbr_studio.state.session import Session


@pytest.fixture
def two(make_bench, trained):
    project = trained.open(write=True)
    lively(project)
    second_run(project)
    bench = make_bench(project)
    bench.go_to(image_with_mask(project))
    return bench


def _third_run(bench):
    run = bench.project.runs.create("third", "cam", bench.project.runs.latest().config)
    bench.project.runs.update(run.id, status="done")
    return run.name


def _ended(bench, name):
    """What the window does when a training has ended."""
    bench.session.take_new_run(name)
    bench.session.runs_changed.emit()
    bench.session.maps_changed.emit(None)
    bench.settle()


def _paint(bench, *points):
    bench.trigger("brush")
    bench.stroke(*(points or ((10, 10), (80, 60))))


# --- a run that becomes ready


def test_a_new_run_is_offered_and_moves_nothing(two):
    two.trigger("side")
    two.settle()
    two.canvas.zoom_by(2.0)
    before = (two.session.run, two.session.compare_run, two.room.desk.shown.mode, two.canvas.view_state())
    _ended(two, _third_run(two))
    assert (two.session.run, two.session.compare_run, two.room.desk.shown.mode, two.canvas.view_state()) == before
    assert two.room.ready.isVisible()
    assert two.room.ready.text == "third is ready."
    assert [b.text() for b in two.room.ready.remedies] == ["Show it", "Compare"]
    former = two.session.run
    two.room.ready.remedies[0].click()
    assert (two.session.run, two.session.compare_run) == ("third", former)
    assert not two.room.ready.isVisible()
    two.settle()


def test_a_new_run_can_be_compared(two):
    run = two.session.run
    _ended(two, _third_run(two))
    two.room.ready.remedies[1].click()
    two.settle()
    assert (two.session.run, two.session.compare_run) == (run, "third")
    assert two.room.desk.shown.mode == "side"
    assert two.room.panel.runs.compare.currentData() == "third"
    assert not two.room.ready.isVisible()


def test_a_new_run_is_taken_where_nobody_looks(two):
    former = two.session.run
    two.room.left()
    _ended(two, _third_run(two))
    assert (two.session.run, two.session.compare_run) == ("third", former)
    assert two.room.ready.isHidden()


def test_the_offer_follows_the_runs_name_and_its_end(two):
    _ended(two, _third_run(two))
    two.session.rename_run("third", "best")
    assert two.room.ready.text == "best is ready."
    two.session.delete_run("best")
    assert two.room.ready.isHidden()
    two.settle()


def test_opening_prefers_a_run_that_has_something_to_show(trained):
    project = trained.open(write=True)
    first = project.runs.latest()
    stopped = project.runs.create("empty", "cam", first.config)
    project.runs.update(stopped.id, status="stopped")
    session = Session()
    session.adopt(project)
    assert session.run == first.name
    session.close()
    project = trained.open(write=True)
    project.runs.update(first.id, status="stopped")
    session.adopt(project)
    assert session.run == first.name
    assert session.compare_run is None
    project.maps.forget(first.id, "cams")
    session.close()
    session.adopt(trained.open(write=True))
    assert session.run == "empty"
    session.close()


# --- messages


def test_a_message_is_whole_the_moment_it_shows(bench):
    _paint(bench)
    strip, over = bench.room.messages, bench.room.pages.over
    bench.trigger("restore")
    close = strip.findChildren(QToolButton)[0]
    assert over.width() == bench.room.middle.width()
    assert strip.width() == over.width()
    assert strip.height() >= strip.heightForWidth(strip.width())
    assert close.geometry().right() > strip.width() - 40
    assert strip._text.width() > strip.width() // 2
    assert strip.isVisible()


def test_the_focus_goes_back_to_the_canvas(bench):
    bench.room.activateWindow()
    bench.canvas.setFocus()
    strip = bench.room.messages
    strip.say("Something was said.", "info", ("Do it", lambda: None))
    QTest.mouseClick(strip.remedies[0], Qt.MouseButton.LeftButton)
    assert bench.room.window().focusWidget() is bench.canvas
    for press in (lambda: strip.remedies[0], lambda: strip.findChildren(QToolButton)[0]):
        strip.say("Something was said.", "info", ("Do it", lambda: None))
        press().setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        QTest.keyClick(press(), Qt.Key.Key_Space)
        assert strip.isHidden()
        assert bench.room.window().focusWidget() is bench.canvas


# --- classes and keys


def test_a_class_key_answers_while_its_cam_is_hidden(bench):
    tag = bench.room.viewer.first.tags["hint"]
    name = bench.room.desk.classes[1].name
    QTest.keyClick(bench.canvas, Qt.Key.Key_2)
    assert tag.isVisible()
    assert tag.text == f"Painting {name} - H shows its CAM"
    bench.room.viewer.first._flash.start(1)
    bench.qtbot.waitUntil(tag.isHidden)
    bench.trigger("eye_cam")
    QTest.keyClick(bench.canvas, Qt.Key.Key_1)
    assert tag.isHidden()


def test_the_brush_follows_the_tags_of_another_image(bench):
    desk, ids = bench.room.desk, bench.room.filmstrip.view.visible_ids()
    everything = [c.id for c in desk.classes]
    first, second, third = everything[:3]
    here, there = ids[:2]
    bench.session.set_tags([(image, c, None) for image in (here, there) for c in everything])
    bench.session.set_tags([(here, first, 1), (there, second, 1), (there, third, 1)])
    bench.go_to(here)
    bench.trigger("class_3")
    assert desk.shown.brush_class == third  # chosen here, so it stays here
    bench.go_to(there)
    assert desk.shown.brush_class == third
    bench.go_to(here)
    bench.trigger("class_1")
    bench.go_to(there)
    assert desk.shown.brush_class == second
    bench.session.set_tags([(there, c, None) for c in everything])
    bench.settle()
    assert desk.shown.brush_class == first


# --- what is under the pointer, and the strip


def test_the_readout_follows_undo_and_redo(bench):
    _paint(bench, (10, 10), (60, 10))
    QTest.mouseMove(bench.canvas.viewport(), bench.at(30, 10))
    assert "(brush)" in bench.room.readout.toolTip()
    bench.trigger("undo")
    assert "(run)" in bench.room.readout.toolTip()
    bench.trigger("redo")
    assert "(brush)" in bench.room.readout.toolTip()


def test_the_corrected_mark_goes_with_the_mask(bench):
    def strip():
        return bench.room.filmstrip.view.viewport().grab().toImage()

    bench.qtbot.wait(300)  # the thumbnails come
    plain = strip()
    _paint(bench)
    bench.qtbot.waitUntil(lambda: bool(bench.project.person_masks.ids()) and strip() != plain, timeout=6000)
    bench.trigger("undo")
    bench.qtbot.waitUntil(lambda: strip() == plain, timeout=6000)
    assert bench.project.person_masks.ids() == []


# --- the panel


def test_the_panel_does_not_jump(bench):
    panel = bench.room.panel
    places = [panel.threshold, panel.threshold.slider, panel.class_list]

    def where():
        QApplication.processEvents()
        return [widget.mapTo(panel, widget.rect().topLeft()).y() for widget in places]

    before = where()
    bench.room.desk.set_panel(threshold=0.7, refine="none")
    bench.settle()
    assert panel.threshold.home.isVisible()
    assert where() == before
    _paint(bench)
    assert panel.restore.isEnabled()
    assert where() == before


def test_the_threshold_rests_under_a_painted_mask(bench):
    box, tag = bench.room.panel.threshold, bench.room.viewer.first.tags["hint"]
    _paint(bench)
    assert not box.slider.isEnabled()
    assert box.covered.isVisible()
    assert "shows under your mask" in box.covered.text()
    threshold = bench.room.desk.threshold
    bench.trigger("higher")
    assert bench.room.desk.threshold == threshold
    assert "You painted this image" in tag.text
    box.uncover.click()
    assert box.slider.isEnabled()
    assert bench.room.desk.shown.layer(MASK).visible
    assert not box.covered.isVisible()


def test_painting_while_comparing_says_whom_it_covers(two):
    two.trigger("side")
    two.settle()
    tag = two.room.viewer.first.tags["hint"]
    assert tag.isHidden()
    _paint(two)
    assert tag.isVisible()
    assert tag.text == "Mine covers both runs; P hides it"
    two.trigger("eye_mine")
    assert tag.isHidden()


def test_masks_for_all_say_what_happens_and_when_it_is_done(bench, qtbot):
    said = []
    bench.room.map_jobs.said.connect(lambda text, *_: said.append(text))
    bench.room.desk.set_panel(refine="none", threshold=0.34)
    bench.settle()
    done = bench.project.maps.count_done(bench.room.desk.run.id, "cams")
    with qtbot.waitSignal(bench.runner.job_ended, timeout=20_000):
        bench.room.panel.threshold.all_images.click()
        assert bench.room.messages.text == f"Masks of {bench.session.run} are made anew at 0.34: {done} images."
    assert said[-1] == f"Masks of {bench.session.run} are made anew at 0.34: done."
    bench.settle()


# --- many images


def test_nothing_is_counted_or_listed_in_the_windows_thread(bench, monkeypatch):
    threads = []
    gallery = bench.project.gallery

    def watched(name, plain):
        def call(*args):
            threads.append((name, threading.current_thread()))
            return plain(*args)

        return call

    for name in ("ids", "review_counts", "state_counts"):
        monkeypatch.setattr(gallery, name, watched(name, getattr(gallery, name)))
    bench.room.entered()
    bench.room.filmstrip.reload()
    bench.settle()
    assert {name for name, _ in threads} == {"ids", "review_counts"}
    assert threading.main_thread() not in [thread for _, thread in threads]
    threads.clear()
    QTest.keyClick(bench.canvas, Qt.Key.Key_Return)
    bench.settle()
    assert threads == []
    assert bench.room.panel.review.progress_text.text() == "1 of 10 reviewed"
    bench.session.set_review([bench.session.image], "rejected")  # by another room: counted anew
    bench.settle()
    assert bench.room.panel.review.progress_text.text() == "2 of 10 reviewed"


def test_an_image_the_strips_filter_leaves_out_is_shown_all_the_same(bench):
    strip = bench.room.filmstrip
    strip.which.setCurrentIndex(2)
    strip.reload()
    bench.settle()
    assert len(strip._order) == 0
    image = int(bench.project.gallery.ids(ImageFilter())[-1])
    bench.go_to(image)
    assert strip.which.currentIndex() == 0
    assert strip.view.current_id == image
    assert strip.neighbour(image, -1) is not None
