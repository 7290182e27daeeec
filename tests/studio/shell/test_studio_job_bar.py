"""The job bar and the numbers it writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

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
