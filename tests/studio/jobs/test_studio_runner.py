"""The job runner: order of events, pause, stop, failure, followers, the queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fake_stages import FakeStage, Pace, failing, map_events, training_events
from pytestqt.qtbot import QtBot

from fbr_engine.errors import DeviceError
from fbr_engine.events import Event, Progress, Started
from fbr_studio.jobs import runner as runner_module
from fbr_studio.jobs.runner import Figures, Job, JobRunner, JobSpec, Step

PROJECT: Any = object()


@pytest.fixture(autouse=True)
def _no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "take_cores", lambda low: None)


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[JobRunner]:
    made = JobRunner()
    yield made
    assert made.stop_all(5)
    made.deleteLater()


def submit(runner: JobRunner, *stages: FakeStage, title: str = "job") -> tuple[Job, list[Event]]:
    heard: list[Event] = []
    names = ("train", "cams", "masks")
    job = runner.submit(JobSpec(title, [Step(n, s) for n, s in zip(names, stages, strict=False)]), PROJECT)
    job.events.connect(heard.extend)
    return job, heard


def wait_for(qtbot: QtBot, job: Job, state: str) -> None:
    qtbot.waitUntil(lambda: job.state == state, timeout=5000)


def test_all_events_arrive_in_order_before_the_end_is_told(runner: JobRunner, qtbot: QtBot) -> None:
    stage = FakeStage(training_events(steps=200))
    order: list[str] = []
    job, heard = submit(runner, stage)
    job.events.connect(lambda _: order.append("events"))
    job.ended.connect(lambda: order.append("ended"))
    wait_for(qtbot, job, "done")
    assert heard == list(stage.events)
    assert order[-1] == "ended"
    assert order.count("ended") == 1
    assert stage.threads == {"job"}
    assert job.results["train"].values == {"run": "fbr"}


def test_a_new_run_s_name_reaches_the_followers(runner: JobRunner, qtbot: QtBot) -> None:
    train, cams = FakeStage(training_events("fbr-7")), FakeStage(map_events("cams", ["a"], "fbr-7"))
    job, _ = submit(runner, train, cams)
    wait_for(qtbot, job, "done")
    assert train.calls == [(PROJECT, None)]
    assert cams.calls == [(PROJECT, "fbr-7")]
    assert job.run == "fbr-7"


def test_pause_holds_the_stage_and_go_on_loses_nothing(runner: JobRunner, qtbot: QtBot) -> None:
    pace = Pace()
    stage = FakeStage(training_events(), pace)
    job, heard = submit(runner, stage)
    pace.allow(3)
    qtbot.waitUntil(lambda: len(heard) == 3, timeout=5000)
    job.pause()
    assert job.state == "paused"
    pace.open_up()
    qtbot.wait(150)
    assert len(heard) <= 4
    job.go_on()
    wait_for(qtbot, job, "done")
    assert heard == list(stage.events)


def test_stop_closes_the_generator_and_followers_do_not_run(runner: JobRunner, qtbot: QtBot) -> None:
    pace = Pace()
    train, cams = FakeStage(training_events(), pace), FakeStage(map_events("cams", ["a"]))
    job, heard = submit(runner, train, cams)
    pace.allow(2)
    qtbot.waitUntil(lambda: len(heard) == 2, timeout=5000)
    job.stop()
    assert job.state == "stopping"
    pace.open_up()
    wait_for(qtbot, job, "stopped")
    assert train.closed
    assert cams.calls == []
    assert job.error is None


def test_stop_wakes_a_paused_job(runner: JobRunner, qtbot: QtBot) -> None:
    pace = Pace()
    job, heard = submit(runner, FakeStage(training_events(), pace))
    pace.open_up()
    qtbot.waitUntil(lambda: bool(heard), timeout=5000)
    job.pause()
    job.stop()
    qtbot.waitUntil(lambda: not job.alive, timeout=5000)


def test_a_failure_is_kept_for_the_person_and_ends_the_job(runner: JobRunner, qtbot: QtBot) -> None:
    cams = FakeStage(map_events("cams", ["a"]))
    job, heard = submit(runner, failing("the GPU ran out of memory: try --batch 8", DeviceError), cams)
    wait_for(qtbot, job, "failed")
    assert isinstance(job.error, DeviceError)
    assert isinstance(heard[0], Started)
    assert cams.calls == []


def test_a_fault_of_the_program_is_told_in_one_line(runner: JobRunner, qtbot: QtBot) -> None:
    job, _ = submit(runner, FakeStage([], fails=ZeroDivisionError("x")), title="Training")
    wait_for(qtbot, job, "failed")
    assert "the log has the details" in str(job.error)
    job, _ = submit(runner, FakeStage([], fails=MemoryError()))
    wait_for(qtbot, job, "failed")
    assert "memory" in str(job.error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_is_torn_down_counts_as_failed(runner: JobRunner, qtbot: QtBot) -> None:
    job, _ = submit(runner, FakeStage([], fails=SystemExit()))
    wait_for(qtbot, job, "failed")


def test_jobs_run_one_after_the_other(runner: JobRunner, qtbot: QtBot) -> None:
    pace = Pace()
    first, _ = submit(runner, FakeStage(training_events("a"), pace))
    second, _ = submit(runner, FakeStage(training_events("b")))
    assert (first.state, second.state) == ("running", "queued")
    assert runner.waiting == [second]
    began: list[Job] = []
    runner.job_started.connect(began.append)
    pace.open_up()
    wait_for(qtbot, second, "done")
    assert began == [second]
    assert first.state == "done"
    qtbot.waitUntil(lambda: not runner.busy, timeout=2000)


def test_a_queued_job_that_is_stopped_leaves_the_queue(runner: JobRunner, qtbot: QtBot) -> None:
    pace = Pace()
    first, _ = submit(runner, FakeStage(training_events(), pace))
    waiting = FakeStage(training_events())
    second, _ = submit(runner, waiting)
    with qtbot.waitSignal(runner.queue_changed):
        second.stop()
    assert runner.waiting == []
    pace.open_up()
    wait_for(qtbot, first, "done")
    assert waiting.calls == []


def test_stop_all_ends_every_thread_and_is_told_once(runner: JobRunner, qtbot: QtBot) -> None:
    pace = Pace()
    first, _ = submit(runner, FakeStage(training_events(), pace))
    second, _ = submit(runner, FakeStage(training_events()))
    told: list[Job] = []
    runner.job_ended.connect(told.append)
    pace.open_up()
    assert runner.stop_all(5)
    assert second.state == "stopped"
    assert first.state in ("stopped", "done")
    assert told == [first]
    assert not runner.busy
    assert "job" not in [t.name for t in threading.enumerate()]


def test_who_hears_of_the_end_may_stop_everything(runner: JobRunner, qtbot: QtBot) -> None:
    told: list[Job] = []
    runner.job_ended.connect(told.append)
    job, _ = submit(runner, FakeStage(training_events()))
    job.ended.connect(lambda: runner.stop_all(5))
    wait_for(qtbot, job, "done")
    qtbot.wait(100)
    assert told == [job]


def test_figures_follow_progress(runner: JobRunner, qtbot: QtBot) -> None:
    job, _ = submit(
        runner, FakeStage([Started("cams", 10, "images", "r", skipped=4), Progress("cams", 7, 10, "images")])
    )
    wait_for(qtbot, job, "done")
    f = job.figures
    assert (f.stage, f.first, f.done, f.total, f.unit) == ("cams", 4, 7, 10, "images")


def test_a_pause_does_not_count_as_work() -> None:
    figures = Figures(done=10, total=20, began=time.monotonic() - 10)
    assert figures.rate == pytest.approx(1.0, rel=0.05)
    figures.rest()
    figures.rests_since = time.monotonic() - 5
    assert figures.rate == pytest.approx(2.0, rel=0.05)
    assert figures.seconds_left == pytest.approx(5.0, rel=0.05)
    figures.go_on()
    assert figures.rate == pytest.approx(2.0, rel=0.05)
