"""The room as a whole: threshold, comparing, deciding, jobs, what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from review_bench import image_with_mask, lively, second_run

from fbr_engine.events import FileWritten
from fbr_studio.rooms.review.material import Wanted, load


def _no_refining(bench):
    bench.room.desk.set_panel(refine="none")


def test_the_slider_makes_the_mask_anew(bench):
    _no_refining(bench)
    counts = []
    for value in (100, 500, 900):
        bench.room.panel.threshold.slider.setValue(value)
        bench.settle()
        counts.append(int(np.count_nonzero(bench.room.desk.run_mask)))
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    assert bench.room.panel.threshold.value.text() == "0.90"
    bench.room.panel.threshold.home.click()
    bench.settle()
    assert np.array_equal(bench.room.desk.run_mask, bench.room.desk.look.mask)


def test_the_mask_is_refined_when_the_slider_rests(bench):
    from fbr_engine.stages.refined_mask import refined_mask

    desk = bench.room.desk
    desk.set_panel(refine="pamr", threshold=0.3)
    bench.settle()
    info = desk.run
    expected = refined_mask(bench.project, info, desk.material.image, 0.3, "pamr", device="cpu")
    assert np.array_equal(desk.run_mask, expected)


def test_nothing_is_refined_during_a_stroke(bench):
    desk = bench.room.desk
    bench.trigger("brush")
    bench.stroke((10, 10), (50, 50), release=False)
    desk.set_panel(refine="pamr", threshold=0.3)
    bench.qtbot.wait(600)
    assert desk.making
    QTest.mouseRelease(bench.canvas.viewport(), Qt.MouseButton.LeftButton, pos=bench.at(50, 50))
    bench.settle()


def test_use_for_all_submits_a_job(bench, monkeypatch):
    submitted = []
    monkeypatch.setattr(bench.runner, "submit", lambda spec, project: submitted.append(spec))
    _no_refining(bench)
    bench.room.panel.threshold.slider.setValue(300)
    bench.room.panel.threshold.all_images.click()
    assert submitted[0].steps[-1].stage == "masks"
    assert submitted[0].run == bench.session.run


@pytest.fixture
def two(make_bench, trained):
    project = trained.open(write=True)
    lively(project)
    second_run(project)
    bench = make_bench(project)
    bench.go_to(image_with_mask(project))
    return bench


@pytest.mark.parametrize("mode", ["curtain", "side"])
def test_both_runs_are_seen(two, mode):
    two.trigger(mode)
    two.settle()
    desk, first = two.room.desk, two.room.viewer.first
    assert desk.look.mask is not None
    assert not np.array_equal(desk.look.mask, desk.compare_look.mask)
    assert two.session.run in first.tags["left"].text
    if mode == "side":
        assert two.room.viewer.second.isVisible()
        assert np.array_equal(two.room.viewer.second.content.left.mask, desk.compare_look.mask)
        assert two.session.compare_run in two.room.viewer.second.tags["left"].text
        two.canvas.zoom_by(2.0)
        assert two.room.viewer.second.canvas.view_state() == two.canvas.view_state()
    else:
        two.canvas.set_curtain(0.0)
        right = two.look()
        two.canvas.set_curtain(1.0)
        assert (two.look() != right).any()
        assert two.session.compare_run in first.tags["right"].text


def test_painting_on_either_side_is_seen_on_both(two):
    two.trigger("side")
    two.settle()
    two.qtbot.wait(20)
    two.trigger("brush")
    first, second = two.room.viewer.panes
    before = [pane.canvas.grab().toImage() for pane in (first, second)]
    point = second.canvas.view_point(50, 50).toPoint()
    QTest.mouseClick(second.canvas.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert two.room.desk.mine is not None
    QTest.mouseMove(second.canvas.viewport(), second.canvas.view_point(1, 1).toPoint())
    after = [pane.canvas.grab().toImage() for pane in (first, second)]
    assert before[0] != after[0]
    assert before[1] != after[1]
    two.trigger("single")
    assert second.content is None


def test_choosing_and_swapping_runs(two):
    run, other = two.session.run, two.session.compare_run
    assert {run, other} == {"other", two.project.runs.all()[0].name}
    two.trigger("side")
    two.trigger("swap")
    two.settle()
    assert (two.session.run, two.session.compare_run) == (other, run)
    assert two.room.desk.look.run.name == other


def test_a_renamed_and_a_deleted_run_are_followed(two):
    run = two.session.run
    two.session.rename_run(run, "renamed")
    two.settle()
    assert two.room.desk.look is not None
    assert two.room.desk.look.run.name == "renamed"
    assert two.room.panel.runs.run.currentData() == "renamed"
    two.trigger("side")
    two.session.delete_run(two.session.compare_run)
    two.settle()
    assert two.room.desk.shown.mode == "single"
    assert not two.room.modes["side"].isEnabled()


def test_decisions_are_kept_and_go_on(bench):
    image = bench.session.image
    QTest.keyClick(bench.canvas, Qt.Key.Key_Return)
    bench.settle()
    assert bench.project.images.by_ids([image])[0].review == "accepted"
    assert bench.session.image != image
    second = bench.session.image
    QTest.keyClick(bench.canvas, Qt.Key.Key_X)
    assert bench.project.images.by_ids([second])[0].review == "rejected"
    bench.go_to(image)
    assert bench.room.viewer.first.tags["badge"].text == "Accepted"
    assert bench.room.panel.review.progress_text.text() == "2 of 10 reviewed"
    QTest.keyClick(bench.canvas, Qt.Key.Key_U)
    assert bench.project.images.by_ids([image])[0].review == "new"
    assert bench.session.image == image


def test_keys_go_through_the_images(bench):
    ids = bench.room.filmstrip.view.visible_ids()
    bench.go_to(ids[0])
    QTest.keyClick(bench.canvas, Qt.Key.Key_D)
    assert bench.session.image == ids[1]
    QTest.keyClick(bench.canvas, Qt.Key.Key_A)
    bench.settle()
    assert bench.session.image == ids[0]
    assert bench.room.filmstrip.view.current_id == ids[0]
    assert bench.session.looked_at[0] == ids[0]
    assert set(ids) <= set(bench.session.looked_at)


def test_a_neighbour_is_there_at_once(bench):
    ids = bench.room.filmstrip.view.visible_ids()
    bench.go_to(ids[2])
    bench.qtbot.waitUntil(lambda: not bench.room.desk.loader._ahead.busy, timeout=5000)
    bench.trigger("next")
    assert bench.room.desk.material.image.id == ids[3]


def test_a_late_answer_for_a_former_image_is_dropped(bench):
    desk = bench.room.desk
    ids = bench.room.filmstrip.view.visible_ids()
    bench.go_to(ids[0])
    late = load(bench.project, desk.loader.cache, Wanted(ids[4], (desk.run,)))
    bench.go_to(ids[1])
    desk.loader.ready.emit(late)
    assert desk.material.image.id == ids[1]


def test_what_a_job_writes_is_seen(bench, qtbot):
    desk, image = bench.room.desk, bench.room.desk.material.image
    found = bench.project.maps.get(desk.run.id, image.id, "masks")
    from fbr_engine.project import load_mask, save_mask

    path = bench.project.path_of(found.location)
    turned = np.ascontiguousarray(load_mask(path)[::-1])
    save_mask(path, turned)
    bench.room.jobs._heard(_Job(desk.run.name), [FileWritten("masks", image.path, found.location)])
    qtbot.waitUntil(lambda: np.array_equal(desk.run_mask, turned), timeout=3000)


class _Job:
    def __init__(self, run):
        self.run = run


def test_without_a_run_the_room_says_what_to_do(make_bench, drawn, qtbot):
    bench = make_bench(drawn.open(write=True))
    assert bench.room.pages.currentWidget() is bench.room.no_runs
    with qtbot.waitSignal(bench.room.asks_for) as asked:
        bench.room.no_runs.findChildren(type(bench.room.panel.threshold.home))[0].click()
    assert asked.args == ["training"]


def test_without_cams_there_is_a_button_that_makes_them(bench, monkeypatch):
    submitted = []
    monkeypatch.setattr(bench.runner, "submit", lambda spec, project: submitted.append(spec))
    bench.project.maps.forget(bench.room.desk.run.id, "cams")
    bench.session.maps_changed.emit(None)
    bench.settle()
    assert "has no CAMs" in bench.room.notice.text
    bench.room.notice.remedies[0].click()
    assert [step.stage for step in submitted[0].steps] == ["cams", "masks"]


def test_a_message_does_not_move_the_picture(bench):
    place, view = bench.canvas.geometry(), bench.canvas.view_state()
    over = bench.room.pages.over
    assert not over.isVisible()
    bench.room.messages.say("Something was said. " * 12, "info", ("Do it", lambda: None))
    bench.room.notice.say("And something else.")
    bench.qtbot.waitUntil(lambda: over.height() >= bench.room.messages.height() + bench.room.notice.height())
    assert over.isVisible()
    assert over.width() == bench.room.middle.width()
    assert (bench.canvas.geometry(), bench.canvas.view_state()) == (place, view)
    bench.room.notice.hide()
    bench.room.messages.remedies[0].click()
    assert not over.isVisible()


def test_an_untagged_image_sends_to_images(bench, qtbot):
    image = bench.session.image
    bench.session.set_tags([(image, c.id, None) for c in bench.room.desk.classes])
    bench.settle()
    assert "tagged" in bench.room.notice.text
    with qtbot.waitSignal(bench.room.asks_for) as asked:
        bench.room.notice.remedies[0].click()
    assert asked.args == ["images"]


def test_a_broken_image_says_why(bench):
    image = bench.project.images.by_ids([bench.room.filmstrip.view.visible_ids()[3]])[0]
    bench.project.image_path(image.path).write_bytes(b"nothing")
    bench.room.desk.loader.forget()
    bench.go_to(image.id)
    assert bench.room.middle.currentWidget() is bench.room.broken
    assert "not an image" in bench.room.broken.sentence.text()


def test_the_room_copes_with_no_project_and_another(bench, drawn_once, tmp_path):
    bench.session.close()
    assert bench.room.desk.material is None
    bench.session.adopt(drawn_once.copy(tmp_path / "another").open(write=True))
    assert bench.room.pages.currentWidget() is bench.room.no_runs


def test_actions_have_no_conflicts_and_all_have_text(bench):
    assert bench.actions.conflicts() == []
    assert all(action.text() for _, action in bench.actions.all())


def test_use_for_all_makes_every_mask_anew(bench, qtbot):
    desk = bench.room.desk
    desk.set_panel(refine="none", threshold=0.7)
    bench.settle()
    wanted = desk.run_mask.copy()
    with qtbot.waitSignal(bench.runner.job_ended, timeout=20_000) as ended:
        bench.room.panel.threshold.all_images.click()
    assert ended.args[0].state == "done"
    bench.settle()
    assert desk.run.figures["threshold"] == 0.7
    assert desk.panel.threshold is None
    assert np.array_equal(desk.look.mask, wanted)
    assert bench.room.panel.threshold.state.text() == "as in the run"
