"""The Training room through its widgets: a real small training, and everything around it with fake stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_stages import FakeStage, Pace, failing, map_events, training_events
from planted import add_run, make_planted
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.config import TrainConfig
from fbr_engine.errors import DeviceError, FbrError, ProjectError, WeightsError
from fbr_engine.events import Event, Notice
from fbr_studio.actions import Actions
from fbr_studio.job_status import job_bar_state, room_of
from fbr_studio.jobs import runner as runner_module
from fbr_studio.jobs.runner import JobRunner, JobSpec, Step
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.training import TrainingRoom, training_jobs
from fbr_studio.state.session import Session
from fbr_studio.widgets.job_bar import figures

LEFT = Qt.MouseButton.LeftButton
SMALL = {"backbone": "tiny", "weights": "none", "crop": 33, "batch": 3, "epochs": 2, "device": "cpu", "split": ""}


class Desk:
    """A room with what it needs."""

    def __init__(self, qtbot: QtBot, settings: Path) -> None:
        self.session, self.runner = Session(), JobRunner()
        self.preferences = Preferences(settings)
        self.actions = Actions()
        self.room = TrainingRoom(self.session, self.runner, self.actions, self.preferences)
        self.room.resize(1280, 700)
        qtbot.addWidget(self.room)
        self.room.show()

    def open(self, place: Workplace) -> None:
        self.session.open(place.project)
        self.room.entered()

    def close(self) -> None:
        assert self.runner.stop_all(20)
        self.room.close_down()
        self.room.close()
        self.session.close()
        for thing in (self.room, self.runner, self.session, self.actions, self.preferences):
            thing.deleteLater()


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(qtbot, tmp_path / "settings.json")
    yield made
    made.close()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeStage]:
    """Give every job of the room this one stage."""
    monkeypatch.setattr(runner_module, "take_cores", lambda low: None)

    def put(stage: FakeStage, name: str = "train") -> FakeStage:
        def job(config: TrainConfig, run: str | None = None, **options: object) -> JobSpec:
            return JobSpec(f"Training {run}", [Step(name, stage)], run)

        monkeypatch.setattr(training_jobs, "training_job", job)
        return stage

    return put


def wait(qtbot: QtBot, until: Callable[[], bool], seconds: float = 20) -> None:
    qtbot.waitUntil(until, timeout=int(seconds * 1000))


# --- the real thing


@pytest.mark.slow
def test_a_real_training_from_the_click_to_the_masks(desk: Desk, drawn: Workplace, qtbot: QtBot) -> None:
    desk.open(drawn)
    room = desk.room
    wait(qtbot, lambda: room.panel.start.isEnabled() and bool(room.panel.outlook_text.text()))
    room.panel.form.set_values(SMALL)
    room.panel.name.setText("first")
    qtbot.mouseClick(room.panel.start, LEFT)
    assert room.panel.pause.isVisible()
    wait(qtbot, lambda: not desk.runner.busy, 60)
    job = room.jobs.job
    assert job is not None
    assert (job.state, job.error) == ("done", None)
    assert set(job.results) == {"train", "cams", "masks"}
    assert room.centre.curves.point_count > 6
    assert "classification" in room.centre.curves.legend.buttons
    wait(qtbot, lambda: room.centre.strip.page.epochs == (0, 1, 2))
    assert len(room.centre.strip.cells) > 1
    assert list(room.runs.cards) == ["first"]
    assert room.shown_run == "first"
    info = desk.session.open_project.runs.get("first")
    assert desk.session.open_project.maps.count_done(info.id, "masks") > 0
    wait(qtbot, lambda: room.runs.cards["first"].state.disk is not None)
    wait(qtbot, lambda: not room.runs.cards["first"].maps.isVisible())


@pytest.mark.slow
def test_stopped_in_the_middle_and_resumed(desk: Desk, drawn: Workplace, qtbot: QtBot) -> None:
    desk.open(drawn)
    room = desk.room
    room.panel.form.set_values(SMALL | {"epochs": 60})
    room.panel.follow.setChecked(False)
    room.panel.name.setText("long")
    room.start()
    wait(qtbot, lambda: room.jobs.live is not None and room.jobs.live.epoch >= 2, 60)
    qtbot.mouseClick(room.panel.stop, LEFT)
    wait(qtbot, lambda: not desk.runner.busy)
    project = desk.session.open_project
    info = project.runs.get("long")
    assert info.status == "stopped"
    stopped_at = int(info.figures["steps"])
    assert stopped_at > 0
    card = room.runs.cards["long"]
    assert card.resume.isVisible()
    project.runs.update(info.id, config=TrainConfig.from_json(info.config).to_json() | {"previews": 0})
    qtbot.mouseClick(card.resume, LEFT)
    live = room.jobs.live
    assert live is not None
    wait(qtbot, lambda: int(live.curves.terms["classification"].x[-1]) > stopped_at, 60)
    steps = live.curves.terms["classification"].x
    assert (steps[1:] > steps[:-1]).all()
    room.panel.stop.click()
    wait(qtbot, lambda: not desk.runner.busy)


# --- with fake stages


def test_pause_and_go_on(desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]) -> None:
    pace = Pace()
    fake(FakeStage(training_events("fbr"), pace))
    desk.open(drawn)
    room = desk.room
    room.start()
    pace.allow(6)
    wait(qtbot, lambda: room.jobs.live is not None and room.jobs.live.epoch == 1)
    assert "epoch 1 of 12" in room.centre.figures.text()
    qtbot.mouseClick(room.panel.pause, LEFT)
    assert room.panel.pause.text() == "Resume"
    assert room.centre.status.text() == "paused"
    qtbot.mouseClick(room.panel.pause, LEFT)
    pace.open_up()
    wait(qtbot, lambda: not desk.runner.busy)
    assert not room.panel.pause.isVisible()


def test_a_training_of_another_room_is_followed(
    desk: Desk, trained: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]
) -> None:
    pace = Pace()
    fake(FakeStage([], pace))
    desk.open(trained)
    room, project = desk.room, desk.session.open_project
    former = desk.session.run
    config = project.runs.all()[0].config

    def work(_project: object, _run: str | None) -> Iterator[Event]:
        project.runs.create("elsewhere", "cam", config)
        yield from FakeStage(training_events("elsewhere"), pace)(None, None)

    heard: list[None] = []
    desk.session.runs_changed.connect(lambda: heard.append(None))
    desk.runner.submit(JobSpec("Training elsewhere", [Step("train", work)], "elsewhere"), project)
    pace.allow(10)
    wait(qtbot, lambda: "elsewhere" in room.runs.cards)
    assert heard
    assert room.shown_run == "elsewhere"
    assert former in room.runs.cards
    wait(qtbot, lambda: room.jobs.live is not None and room.jobs.live.epoch == 2)
    assert room.centre.curves.point_count > 0
    assert "epoch 2" in room.centre.figures.text()
    assert room.panel.pause.isVisible()
    pace.open_up()
    wait(qtbot, lambda: not desk.runner.busy)
    assert not room.panel.pause.isVisible()


def test_a_training_that_began_before_the_room_was_made_is_followed(
    desk: Desk, trained: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage], tmp_path: Path
) -> None:
    pace = Pace()
    fake(FakeStage([], pace))
    desk.open(trained)
    project = desk.session.open_project
    (info,) = project.runs.all()
    stage = FakeStage(training_events(info.name), pace)
    job = desk.runner.submit(JobSpec("Training", [Step("train", stage)]), project)
    pace.allow(3)
    wait(qtbot, lambda: job.figures.done > 0)
    later = TrainingRoom(desk.session, desk.runner, Actions(), desk.preferences)
    qtbot.addWidget(later, before_close_func=lambda _: later.close_down())
    assert later.jobs.job is job
    assert later.shown_run == info.name
    pace.open_up()
    wait(qtbot, lambda: not desk.runner.busy)
    assert not later.jobs.alive


def test_a_second_start_waits_and_says_so(
    desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]
) -> None:
    pace = Pace()
    fake(FakeStage(training_events("fbr"), pace))
    desk.open(drawn)
    room = desk.room
    room.start()
    assert room.panel.start.text() == "Train this next"
    room.start()
    (waiting,) = desk.runner.waiting
    assert waiting.spec.title == "Training fbr-2"
    assert "waits until Training fbr has ended" in room.centre.messages.text
    room.centre.messages.remedies[0].click()
    assert desk.runner.waiting == []
    pace.open_up()
    wait(qtbot, lambda: not desk.runner.busy)


def test_out_of_memory_offers_a_smaller_batch_and_starts_it(
    desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]
) -> None:
    fake(FakeStage([], fails=DeviceError("the GPU ran out of memory: try --batch 8, or a smaller --crop")))
    desk.open(drawn)
    room = desk.room
    room.panel.form.set_values({"batch": 16})
    room.panel.name.setText("mine")
    room.start()
    wait(qtbot, lambda: room.centre.messages.isVisible())
    assert "out of memory" in room.centre.messages.text
    fake(FakeStage(training_events("mine")))
    remedy = room.centre.messages.remedies[0]
    assert remedy.text() == "Start with batch 8"
    qtbot.mouseClick(remedy, LEFT)
    assert room.panel.form.value("batch") == 8
    assert room.jobs.job is not None
    assert room.jobs.job.spec.title == "Training mine"
    wait(qtbot, lambda: not desk.runner.busy)


@pytest.mark.parametrize(
    ("error", "button"),
    [
        (WeightsError("the ImageNet weights could not be downloaded"), "Start with the small network"),
        (ProjectError("p: no image of this project has tags; tag some images first"), "Go to Images"),
    ],
)
def test_errors_reach_the_person_with_their_remedy(
    desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage], error: FbrError, button: str
) -> None:
    fake(FakeStage([], fails=error))
    desk.open(drawn)
    desk.room.panel.form.set_values({"backbone": "mobilenet_v2", "weights": "imagenet"})
    desk.room.start()
    wait(qtbot, lambda: desk.room.centre.messages.isVisible())
    fake(FakeStage(training_events()))
    remedy = desk.room.centre.messages.remedies[0]
    assert remedy.text() == button
    asked: list[str] = []
    desk.room.asks_for.connect(asked.append)
    remedy.click()
    if button == "Go to Images":
        assert asked == ["images"]
    else:
        assert desk.room.panel.form.value("backbone") == "tiny"
    wait(qtbot, lambda: not desk.runner.busy)


def test_notices_are_out_of_the_way(desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]) -> None:
    events = training_events("fbr")
    fake(FakeStage([*events[:1], Notice("class cat has 1 tagged image"), Notice("b", "do c"), *events[1:]]))
    desk.open(drawn)
    room = desk.room
    for name in ("fbr", "other"):
        desk.session.open_project.runs.create(name, "cam+fbr", TrainConfig(backbone="tiny").to_json())
    room.start()
    wait(qtbot, lambda: not desk.runner.busy)
    notices = room.centre.notices
    assert notices.toggle.text() == "2 notices"
    assert not notices.lines.isVisible()
    qtbot.mouseClick(notices.toggle, LEFT)
    assert "b: do c." in notices.lines.toPlainText()
    desk.session.take_new_run("fbr")
    assert len(notices.notices) == 2
    desk.session.run = "other"
    assert notices.notices == []


def test_nothing_can_start_without_tags(desk: Desk, drawn: Workplace, qtbot: QtBot) -> None:
    with drawn.open(write=True) as project:
        images = [image.id for image in project.images.iter()]
        project.tags.set_many([(image, c.id, None) for image in images for c in project.classes.all()])
    desk.open(drawn)
    room = desk.room
    room.panel.form.set_values({"split": ""})
    wait(qtbot, lambda: not room.panel.start.isEnabled())
    assert "tag some images first" in room.panel.obstacle_text.text()
    assert room.centre.pages.currentWidget() is room.centre.no_tags
    room.start()
    assert not desk.runner.busy
    asked: list[str] = []
    room.asks_for.connect(asked.append)
    qtbot.mouseClick(room.centre.images_button, LEFT)
    assert asked == ["images"]
    image = desk.session.open_project.images.find("train_0001.png")
    assert image is not None
    desk.session.set_tags([(image.id, desk.session.open_project.classes.all()[0].id, 1)])
    wait(qtbot, lambda: room.panel.start.isEnabled())
    assert room.centre.pages.currentWidget() is room.centre.no_runs


def test_a_wrong_field_stops_the_start_in_place(desk: Desk, drawn: Workplace, qtbot: QtBot) -> None:
    desk.open(drawn)
    room = desk.room
    room.panel.form.row("lr_head").editor.line.setText("fast")  # type: ignore[attr-defined]
    assert not room.panel.start.isEnabled()
    room.start()
    assert "Write a number" in room.centre.messages.text
    assert not desk.runner.busy
    room.panel.reset.click()
    wait(qtbot, lambda: room.panel.start.isEnabled())


def test_runs_are_shown_compared_renamed_and_deleted(desk: Desk, trained: Workplace, qtbot: QtBot) -> None:
    with trained.open(write=True) as project:
        config = replace(TrainConfig(), backbone="tiny", epochs=9)
        other = project.runs.create("other", "cam", config.to_json())
        project.runs.update(other.id, status="stopped", figures={"epochs": 9, "images": 4, "steps": 1})
    desk.open(trained)
    room = desk.room
    first = next(name for name in room.runs.cards if name != "other")
    desk.session.run = "other"
    qtbot.mouseClick(room.runs.cards[first].title, LEFT)
    assert desk.session.run == first
    assert room.runs.cards[first].state.chosen
    wait(qtbot, lambda: len(room.centre.strip.cells) > 0)
    qtbot.mouseClick(room.runs.cards["other"].compare, LEFT)
    assert desk.session.compare_run == "other"
    assert room.runs.table_title.text() == f"{first} against other"
    assert ("Epochs", "2", "9") in room.runs.config_table.rows
    qtbot.mouseClick(room.runs.cards["other"].compare, LEFT)
    assert room.runs.table_title.text() == first

    card = room.runs.cards[first]
    qtbot.keyClick(card, Qt.Key.Key_F2)
    card.edit.setText("better")
    qtbot.keyClick(card.edit, Qt.Key.Key_Return)
    assert "better" in room.runs.cards
    assert room.centre.messages.text == ""
    assert room.shown_run == "better"

    card = room.runs.cards["other"]
    qtbot.keyClick(card, Qt.Key.Key_Delete)
    assert "Delete other?" in card.confirm_text.text()
    qtbot.mouseClick(card.no, LEFT)
    assert "other" in room.runs.cards
    card.ask_delete()
    card.yes.click()
    assert list(room.runs.cards) == ["better"]
    assert desk.session.open_project.runs.find("other") is None


def test_a_refused_name_stays_in_its_field_with_the_reason(desk: Desk, trained: Workplace, qtbot: QtBot) -> None:
    with trained.open(write=True) as project:
        made = project.runs.create("other", "cam", TrainConfig(backbone="tiny").to_json())
        project.runs.update(made.id, status="done")
    desk.open(trained)
    room = desk.room
    card = room.runs.cards["other"]
    wait(qtbot, card.isVisible)
    taken = next(name for name in room.runs.cards if name != "other")
    for name, reason in (("a/b", "cannot be named"), (taken.upper(), "has this name already")):
        card.begin_rename()
        card.edit.setText(name)
        assert reason in card.reason.text()  # while it is typed
        qtbot.keyClick(card.edit, Qt.Key.Key_Return)
        card.edit.clearFocus()
        assert card.edit.isVisible()
        assert card.edit.text() == name
        assert card.reason.isVisible()
        assert "--" not in card.reason.text()
    room.runs.renamed.emit("other", taken)  # what only the engine finds out
    assert "choose another name" in card.reason.text()
    assert "--" not in card.reason.text()
    card.edit.setText("free")
    assert not card.reason.isVisible()
    qtbot.keyClick(card.edit, Qt.Key.Key_Return)
    assert set(room.runs.cards) == {taken, "free"}


def test_the_name_a_run_will_get_is_shown_and_a_wrong_one_refused(
    desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]
) -> None:
    pace = Pace()
    fake(FakeStage(training_events("fbr"), pace))
    desk.open(drawn)
    panel = desk.room.panel
    wait(qtbot, lambda: bool(panel.outlook_text.text()))
    assert panel.name.placeholderText() == "fbr"
    panel.form.set_values({"method": "cam"})
    assert panel.name.placeholderText() == "cam"
    panel.name.setText("a b")
    assert "cannot be named" in panel.name_note.text()
    assert not panel.start.isEnabled()
    desk.room.start()
    assert not desk.runner.busy
    panel.name.clear()
    assert panel.start.isEnabled()
    desk.room.start()
    assert panel.name.placeholderText() == "cam-2"
    panel.name.setText("CAM")
    assert "already" in panel.name_note.text()
    pace.open_up()
    wait(qtbot, lambda: not desk.runner.busy)


def test_a_split_that_hides_tagged_images_is_told_with_a_way_out(desk: Desk, drawn: Workplace, qtbot: QtBot) -> None:
    desk.open(drawn)
    panel = desk.room.panel
    panel.form.set_values({"split": "val"})
    wait(qtbot, panel.left_out.isVisible)
    assert "in the split" in panel.split_text.text()
    qtbot.mouseClick(panel.use_all, LEFT)
    assert panel.form.value("split") == ""
    wait(qtbot, lambda: not panel.left_out.isVisible())


def test_a_pause_is_said_alike_everywhere(
    desk: Desk, trained: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]
) -> None:
    pace = Pace()
    desk.open(trained)
    room = desk.room
    (info,) = desk.session.open_project.runs.all()
    fake(FakeStage(training_events(info.name), pace))
    desk.session.open_project.runs.update(info.id, status="training")
    job = room.jobs.train(TrainConfig(), info.name)
    pace.allow(3)
    wait(qtbot, lambda: room.jobs.live is not None and room.jobs.live.run == info.name)
    job.pause()
    card = room.runs.cards[info.name]
    assert (card.status.text(), room.centre.status.text()) == ("paused", "paused")
    assert ("left", "paused") in figures(job_bar_state(job, []))
    job.go_on()
    assert card.status.text() == "training"
    pace.open_up()
    wait(qtbot, lambda: not desk.runner.busy)


def test_what_is_still_to_come_is_said(
    desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]
) -> None:
    pace = Pace()
    fake(FakeStage(training_events("fbr"), pace))
    desk.open(drawn)
    room = desk.room
    room.start()
    wait(qtbot, room.centre.curves.note.isVisible)
    assert room.centre.curves.note.text() == "Getting ready: reading the first images"
    assert room.centre.strip.quiet_note.text() == "The CAMs come after the first epoch."
    pace.allow(6)
    wait(qtbot, lambda: not room.centre.curves.note.isVisible())
    pace.open_up()
    wait(qtbot, lambda: not desk.runner.busy)


def test_the_room_tells_its_own_errors_and_no_others(
    desk: Desk, drawn: Workplace, qtbot: QtBot, fake: Callable[..., FakeStage]
) -> None:
    fake(FakeStage([], fails=WeightsError("no weights ([Errno -2] Name or service not known): see fbr-engine doctor")))
    desk.open(drawn)
    room = desk.room
    job = room.jobs.train(TrainConfig())
    other = desk.runner.submit(JobSpec("Other", [Step("masks", failing("no"))]), desk.session.open_project)
    wait(qtbot, lambda: not desk.runner.busy)
    assert room.tells(job)
    assert not room.tells(other)
    assert room.centre.messages.text == "No weights (the server was not found)."
    assert job_bar_state(job, []).message == "failed"
    assert room_of(job) == "training"


def test_the_strip_s_head_fits_a_narrow_window(desk: Desk, trained: Workplace, qtbot: QtBot) -> None:
    desk.room.resize(1024, 700)
    desk.open(trained)
    strip = desk.room.centre.strip
    wait(qtbot, lambda: strip.page.epochs == (0, 1, 2))
    qtbot.wait(20)
    assert desk.room.width() == 1024
    for part in (strip.title, strip.epoch_text, strip.back, strip.slider, strip.forward):
        assert part.geometry().right() < strip.width()
        assert part.width() >= 24
    assert strip.mapTo(desk.room, strip.rect().topRight()).x() < desk.room.runs.x()


def test_train_again_fills_the_form(desk: Desk, trained: Workplace, qtbot: QtBot) -> None:
    desk.open(trained)
    room = desk.room
    room.panel.form.reset()
    (card,) = room.runs.cards.values()
    qtbot.mouseClick(card.again, LEFT)
    assert room.panel.config() == TrainConfig.from_json(card.state.info.config)


def test_missing_maps_are_offered(
    desk: Desk, trained: Workplace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "take_cores", lambda low: None)
    with trained.open(write=True) as project:
        (info,) = project.runs.all()
        project.maps.forget(info.id, "masks")
    stage = FakeStage(map_events("masks", ["a"], info.name))
    monkeypatch.setattr(
        training_jobs, "maps_job", lambda run, config, **_: JobSpec("CAMs and masks", [Step("masks", stage)], run)
    )
    desk.open(trained)
    card = desk.room.runs.cards[info.name]
    wait(qtbot, card.maps.isVisible)
    qtbot.mouseClick(card.maps, LEFT)
    wait(qtbot, lambda: not desk.runner.busy)
    assert stage.calls[0][1] == info.name


def test_one_goes_back_through_the_epochs(desk: Desk, trained: Workplace, qtbot: QtBot) -> None:
    desk.open(trained)
    strip = desk.room.centre.strip
    wait(qtbot, lambda: strip.page.epochs == (0, 1, 2))
    assert strip.epoch_text.text == "after epoch 2, the newest"
    qtbot.mouseClick(strip.back, LEFT)
    wait(qtbot, lambda: strip.page.epoch == 1)
    strip.slider.setValue(0)
    wait(qtbot, lambda: strip.epoch_text.text == "before training")
    assert not strip.back.isEnabled()
    strip.refresh()
    qtbot.wait(50)
    assert strip.page.epoch == 0
    asked: list[str] = []
    desk.room.asks_for.connect(asked.append)
    qtbot.mouseDClick(strip.cells[0], LEFT)
    assert asked == ["review"]


def test_another_project_and_none(desk: Desk, trained: Workplace, drawn_once: Workplace, tmp_path: Path) -> None:
    room = desk.room
    assert room.shown_run is None
    desk.open(trained)
    assert room.runs.cards
    desk.session.close()
    assert not room.runs.cards
    desk.open(drawn_once.copy(tmp_path / "other"))
    assert room.centre.pages.currentWidget() is room.centre.no_runs


def test_the_preference_is_kept(desk: Desk, drawn: Workplace, qtbot: QtBot) -> None:
    desk.open(drawn)
    assert desk.room.panel.follow.isChecked()
    desk.room.panel.follow.setChecked(False)
    assert desk.preferences.now.follow_training is False


def test_every_control_has_a_name(desk: Desk, trained: Workplace) -> None:

    desk.open(trained)
    for button in desk.room.findChildren(QAbstractButton):
        if button.objectName().startswith("qt_"):
            continue
        assert button.accessibleName() or button.text(), button
    assert desk.actions.conflicts() == []


def test_a_second_stage_without_a_first_is_told_beside_its_field(desk: Desk, drawn: Workplace, qtbot: QtBot) -> None:
    desk.open(drawn)
    panel = desk.room.panel
    wait(qtbot, panel.start.isEnabled)
    panel.form.set_values({"method": "amn"})
    wait(qtbot, lambda: not panel.start.isEnabled())
    assert "from the masks of an earlier run" in panel.form.row("seeds_from").note.text()
    assert not panel.to_images.isVisible()
    assert desk.room.centre.pages.currentWidget() is desk.room.centre.no_runs
    panel.form.set_values({"method": "cam"})
    wait(qtbot, panel.start.isEnabled)
    assert not panel.form.row("seeds_from").problem


def test_finished_runs_are_offered_to_learn_from(desk: Desk, trained: Workplace, qtbot: QtBot) -> None:
    desk.open(trained)
    panel = desk.room.panel
    box = panel.form.row("seeds_from").editor.box
    assert [box.itemData(i) for i in range(box.count())] == ["", "fbr"]
    panel.form.set_values({"method": "amn", "seeds_from": "fbr"})
    wait(qtbot, lambda: panel.start.isEnabled() and panel.outlook.estimate is not None)
    desk.session.open_project.runs.rename("fbr", "first")
    desk.session.runs_changed.emit()
    box = panel.form.row("seeds_from").editor.box
    assert "first" in [box.itemData(i) for i in range(box.count())]
    wait(qtbot, lambda: "has no run" in panel.form.row("seeds_from").problem)


def test_another_room_has_two_runs_compared(desk: Desk, tmp_path: Path) -> None:
    project = make_planted(tmp_path / "planted", images=4)
    for name in ("one", "two"):
        add_run(project, name)
    project.close()
    desk.session.open(project.folder)
    desk.session.compare("two", "one")
    desk.room.entered()
    assert desk.room.shown_run == "two"
    assert desk.room.shown.other is not None
    assert desk.room.shown.other.name == "one"
    assert not desk.session.comparison_due
