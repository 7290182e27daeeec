"""The job bar and the numbers it writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from workplace import Workplace

from fbr_engine.config import ExportConfig
from fbr_studio.job_status import job_bar_state
from fbr_studio.jobs.runner import Figures, Job, JobSpec
from fbr_studio.main_window import MainWindow
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.export import ExportRoom
from fbr_studio.rooms.training.figures_line import job_words
from fbr_studio.widgets import formatting
from fbr_studio.widgets.job_bar import IDLE, JobBar, JobBarState, figures

RUNNING = JobBarState(
    title="Training fbr-2",
    stage="train",
    note="epoch 3/8",
    done=120,
    total=1163,
    unit="images",
    rate=41.2,
    seconds_left=130,
    state="running",
    can_pause=True,
    waiting=2,
    device="GPU 38 %",
)


@pytest.mark.parametrize(
    ("stage", "bar", "words"),
    [
        ("regions", "gathering object and background regions", "gathering regions: 3 of 20 images"),
        ("cams", "CAMs and NROIs", "making CAMs: 3 of 20 images"),
        ("threshold", "choosing the threshold", "choosing the threshold: 3 of 20 images"),
        ("affinity", "learning object boundaries", "learning boundaries: 3 of 20 images"),
        ("masks", "masks", "making masks: 3 of 20 images"),
    ],
)
def test_what_a_job_does_is_said_in_words(qtbot: QtBot, stage: str, bar: str, words: str) -> None:
    job = Job(JobSpec("CAMs and masks of fbr", []))
    job.state, job.figures = "running", Figures(stage, 3, 20, "images")
    assert job_bar_state(job, []).stage == bar
    assert job_words(job) == words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (45.2, "45 s"),
        (59.7, "1:00 min"),
        (130, "2:10 min"),
        (3599.9, "1:00 h"),
        (3900, "1:05 h"),
        (86400 * 2 + 3600 * 3, "2 d 3 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.2, "1 s left"), (45, "45 s left"), (130, "2:10 left"), (3900, "1:05 h left")],
)
def test_time_left(seconds: float | None, text: str) -> None:
    assert formatting.time_left(seconds) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (None, ""),
        (0.0, ""),
        (41.2, "41 images/s"),
        (9.96, "10 images/s"),
        (3.24, "3.2 images/s"),
        (1234.0, "1,234 images/s"),
        (0.5, "30 images/min"),
        (0.01, "36 images/h"),
        (0.0001, "0.4 images/h"),
    ],
)
def test_rates(per_second: float | None, text: str) -> None:
    assert formatting.rate(per_second, "images") == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_440_000, "1.4 MB"),
        (999_960, "1.0 MB"),
        (23_400_000_000, "23 GB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert formatting.byte_size(size) == text


def test_counts_carry_their_unit() -> None:
    assert formatting.counted(1, "image") == "1 image"
    assert formatting.counted(1163, "image") == "1,163 images"
    assert formatting.counted(2, "class", "classes") == "2 classes"
    assert formatting.of_total(3, 0, "images") == "3 images"
    assert formatting.per_cent(1, 3) == "33 %"
    assert formatting.per_cent(1, 0) == "0 %"


def test_a_running_job_has_all_its_figures() -> None:
    texts = [text for _, text in figures(RUNNING)]
    assert texts == ["train", "epoch 3/8", "120 of 1,163 images", "41 images/s", "2:10 left", "2 jobs waiting"]


def test_a_job_that_rests_says_so_instead_of_a_speed() -> None:
    assert ("left", "paused") in figures(replace(RUNNING, state="paused"))
    assert "rate" not in dict(figures(replace(RUNNING, state="paused")))
    assert ("left", "stopping") in figures(replace(RUNNING, state="stopping"))
    assert figures(replace(RUNNING, state="failed")) == []


@pytest.fixture
def bar(qtbot: QtBot) -> JobBar:
    made = JobBar()
    qtbot.addWidget(made)
    made.resize(1280, made.sizeHint().height())
    made.show()
    return made


def test_idle_it_is_quiet(bar: JobBar) -> None:
    assert bar.title.text == IDLE
    assert bar.shown_figures() == []
    assert not bar.stop_button.isVisible()
    assert not bar.progress.isVisible()


def test_it_keeps_its_height(bar: JobBar) -> None:
    idle = bar.sizeHint().height()
    bar.show_state(RUNNING)
    assert bar.sizeHint().height() == idle


def test_everything_fits_at_1280(bar: JobBar) -> None:
    bar.set_saved("Saved")
    bar.show_state(RUNNING)
    assert len(bar.shown_figures()) == 6
    assert bar.progress.value() == 120
    bar.grab()


def test_narrow_it_keeps_the_time_left_and_the_stop_button(bar: JobBar) -> None:
    bar.show_state(RUNNING)
    bar.resize(560, bar.height())
    bar.grab()
    assert "2:10 left" in bar.shown_figures()
    assert "train" not in bar.shown_figures()
    assert bar.stop_button.isVisible()
    assert bar.stop_button.geometry().right() < 560
    bar.resize(1280, bar.height())
    assert "train" in bar.shown_figures()


def test_buttons_say_what_was_clicked(bar: JobBar, qtbot: QtBot) -> None:
    bar.show_state(RUNNING)
    left = Qt.MouseButton.LeftButton
    with qtbot.waitSignal(bar.pause_clicked):
        qtbot.mouseClick(bar.pause_button, left)
    with qtbot.waitSignal(bar.stop_clicked):
        qtbot.mouseClick(bar.stop_button, left)
    with qtbot.waitSignal(bar.details_clicked):
        qtbot.mouseClick(bar.details_button, left)
    bar.show_state(replace(RUNNING, state="paused"))
    assert "Go on" in bar.pause_button.toolTip()
    with qtbot.waitSignal(bar.resume_clicked):
        qtbot.mouseClick(bar.pause_button, left)


def test_a_job_that_stops_cannot_be_stopped_twice(bar: JobBar) -> None:
    bar.show_state(replace(RUNNING, state="stopping"))
    assert not bar.stop_button.isEnabled()
    assert not bar.pause_button.isEnabled()


def test_a_job_that_cannot_pause_has_no_pause_button(bar: JobBar) -> None:
    bar.show_state(replace(RUNNING, can_pause=False))
    assert not bar.pause_button.isVisible()


def test_the_end_is_told_in_a_sentence(bar: JobBar) -> None:
    bar.show_state(replace(RUNNING, state="failed", message="The disk is full: free some space."))
    assert bar.message.text == "The disk is full: free some space."
    assert bar.shown_figures() == []
    assert not bar.stop_button.isVisible()


def test_an_unknown_total_is_a_bar_that_moves(bar: JobBar) -> None:
    bar.show_state(replace(RUNNING, total=0))
    assert bar.progress.maximum() == 0
    bar.show_state(JobBarState())


def test_saved_is_on_the_right(bar: JobBar) -> None:
    bar.set_saved("Saved")
    found = [w for w in bar.findChildren(QLabel) if w.text() == "Saved"]
    assert found[0].isVisible()
    bar.grab()
    assert found[0].geometry().right() > bar.width() - 40


def test_the_buttons_keep_their_place_while_the_figures_change(bar: JobBar) -> None:
    places = set()
    for done, left in ((1, 3.0), (998, 754.0), (1163, 0.2)):
        bar.show_state(replace(RUNNING, done=done, seconds_left=left))
        bar.grab()
        parts = (bar.stop_button, bar.details_button, bar._figures["done"], bar._figures["left"])
        places.add(tuple(part.x() for part in parts))
    assert len(places) == 1
    assert bar.details_button.x() < bar._figures["stage"].x()
    before = bar.stop_button.x()
    bar.show_state(replace(RUNNING, stage="masks", title="CAMs and masks of a run with a name"))
    bar.grab()
    assert bar.stop_button.x() == before


def test_it_leads_to_the_job_s_room_only_from_elsewhere(bar: JobBar) -> None:
    bar.show_state(RUNNING)
    assert bar.details_button.toolTip() == "Go to the job's room"
    bar.show_state(replace(RUNNING, leads=False))
    assert not bar.details_button.isVisible()


def test_jobs_that_wait_are_listed_and_can_be_cancelled(bar: JobBar, qtbot: QtBot) -> None:
    bar.show_state(replace(RUNNING, queue=("Training a", "Masks of b")))
    assert bar.queue_button.toolTip() == "Waiting, next first:\nTraining a\nMasks of b"
    qtbot.mouseClick(bar.queue_button, Qt.MouseButton.LeftButton)
    assert bar.queue_menu.isVisible()
    with qtbot.waitSignal(bar.waiting_cancelled) as heard:
        bar.queue_menu.actions()[1].trigger()
    assert heard.args == [1]
    bar.show_state(replace(RUNNING, waiting=1, queue=("Training a",)))
    assert not bar.queue_menu.isVisible()
    assert [action.text() for action in bar.queue_menu.actions()] == ["Do not wait for Training a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "there are no ImageNet weights for the backbone tiny: use --weights drawn or none",
            "There are no ImageNet weights for the backbone tiny.",
        ),
        (
            "the ImageNet weights of x could not be downloaded ([Errno -2] Name or service not known): "
            "connect to the network, or fetch https://x.org/a.pth elsewhere and give it with --weights FILE,"
            " or start from --weights none",
            "The ImageNet weights of x could not be downloaded (the server was not found): connect to the "
            "network, or fetch https://x.org/a.pth elsewhere and choose the file under Weights.",
        ),
        (
            "w.pth: these are not the weights of tiny (1 unknown, such as a.b); choose the --backbone they belong to",
            "w.pth: these are not the weights of tiny (1 unknown, such as a.b); choose the backbone they belong to.",
        ),
        (
            "run fbr has no checkpoint: train it first (fbr-engine train)",
            "Run fbr has no checkpoint: train it first.",
        ),
        (
            "give the folder with the images: --images DIR",
            "Give the folder with the images.",
        ),
        (
            "listed but not there (3): a, b: correct the file or --images",
            "Listed but not there (3): a, b: correct the file.",
        ),
        (
            "nothing to export from run fbr: no tagged image has a mask (fbr-engine masks)",
            "Nothing to export from run fbr: no tagged image has a mask.",
        ),
        (
            "/x: is a file; give a folder with --out",
            "/x: is a file; give a folder.",
        ),
        (
            "/x: is not empty; give a new folder with --out, or empty this one",
            "/x: is not empty; give a new folder, or empty this one.",
        ),
        (
            "4 rejected images were left out: export with --review all",
            "4 rejected images were left out: export all of them, whatever their review.",
        ),
        (
            "run fbr is not trained to its end: go on with fbr-engine train --resume",
            "Run fbr is not trained to its end: resume it in Training.",
        ),
        (
            "the GPU ran out of memory: leave out large --scales, or leave out a b.png",
            "The GPU ran out of memory: leave out large scales, or leave out a b.png.",
        ),
        (
            "the GPU ran out of memory: use --refine none, or --device cpu",
            "The GPU ran out of memory.",
        ),
        (
            "the GPU ran out of memory: try --batch 8, or a smaller --crop than 225",
            "The GPU ran out of memory.",
        ),
        (
            "/p: no class to learn; make the project anew with --tags FILE, or with the images in folders "
            "named by class",
            "/p: no class to learn; make the project anew with the images in folders named by class.",
        ),
        (
            "the checkpoint belongs to another model: train under a new --run name",
            "The checkpoint belongs to another model: train under a new run name.",
        ),
        (
            "2 images have no CAMs in run fbr: run fbr-engine cams again",
            "2 images have no CAMs in run fbr: make its CAMs and masks again.",
        ),
        (
            "class cat has 1 tagged image: tag more images, or leave the class out with --classes",
            "Class cat has 1 tagged image: tag more images, or leave the class out.",
        ),
        (
            "the checkpoint is kept; train a new run with a lower learning rate (--lr-encoder, --lr-head) or"
            " a lower weight of it",
            "The checkpoint is kept; train a new run with a lower learning rate or a lower weight of it.",
        ),
        (
            "run fbr exists in p: choose another name or add --resume",
            "Run fbr exists in p: choose another name.",
        ),
        (
            "/x/p is no FBR project: make one with fbr-engine new p --images DIR",
            "/x/p is no FBR project: open its folder of photos to make one.",
        ),
        (
            "no CUDA device was found: use --device cpu, or see fbr-engine doctor",
            "No CUDA device was found.",
        ),
        (
            "/x/a--b.png: broken; replace it",
            "/x/a--b.png: broken; replace it.",
        ),
        (
            "cannot write /x: free some space and run again",
            "Cannot write /x: free some space and try again.",
        ),
        (
            "run fbr has no masks yet: make them first (fbr-engine masks /my/p)",
            "Run fbr has no masks yet: make them first.",
        ),
    ],
)
def test_the_window_says_nothing_of_the_command_line(text: str, said: str) -> None:
    assert formatting.without_commands(text) == said


def test_a_fault_is_told_once_and_leads_to_its_room(qtbot: QtBot, tmp_path: Path, trained: Workplace) -> None:
    window = MainWindow(Preferences(tmp_path / "settings.json"))
    qtbot.addWidget(window)
    window.show()
    window.session.open(trained.project)
    window.enter("export")
    room = window.rooms["export"]
    assert isinstance(room, ExportRoom)
    file = tmp_path / "file"
    file.write_text("")
    for shown in ("export", "images"):
        window.enter(shown)
        room.work.submit(ExportConfig(out=str(file)), None, window.session.open_project)
        qtbot.waitUntil(lambda: not window.runner.busy and room.job is None)
        assert "give a folder." in room.messages.text
        assert window.messages.isVisible() == (shown == "images")
    assert window.job_bar.message.text == "failed"
    assert "--out" not in window.messages.text
    assert [found.text() for found in window.messages.remedies] == ["Go to Export"]
    window.messages.remedies[0].click()
    assert window.room == "export"
