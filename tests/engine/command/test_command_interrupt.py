"""Ctrl+C in every stage: exit 130, the work so far kept, nothing half-written, and running again finishes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workplace import CAMS, TRAIN, Engine, Workplace

from fbr_engine.events import Event, Progress
from fbr_engine.networks.checkpoints import load_checkpoint

ROOT = Path(__file__).parents[3]


def ctrl_c_at(wanted: Callable[[Event], bool]) -> Callable[[Event], None]:
    def hook(event: Event) -> None:
        if wanted(event):
            signal.raise_signal(signal.SIGINT)

    return hook


def after(stage: str, done: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Progress) and (event.stage, event.done) == (stage, done)


def test_new_leaves_nothing_behind(engine: Engine, drawn: Workplace) -> None:
    arguments = ("new", drawn.root / "deep" / "q", "--images", drawn.images, "--tags", drawn.tags)
    for name in ("started", "notice"):
        (drawn.images / "unlisted.png").write_bytes(b"")
        done = engine.hooked(ctrl_c_at(lambda event, name=name: event.name == name), *arguments)  # type: ignore[misc]
        assert done.status == 130
        assert not (drawn.root / "deep").exists()
    assert engine(*arguments).status == 0


def test_new_that_was_finished_when_it_was_to_stop_is_done(engine: Engine, drawn: Workplace) -> None:
    arguments = ("new", drawn.root / "q", "--images", drawn.images, "--tags", drawn.tags)
    done = engine.hooked(ctrl_c_at(lambda event: event.name == "result"), *arguments)
    assert done.status == 0
    assert engine("info", drawn.root / "q").result["images"] == 10


def test_train_keeps_a_checkpoint_to_resume_from(engine: Engine, drawn: Workplace) -> None:
    arguments = ("train", drawn.project, *TRAIN, "--epochs", "2", "--method", "cam")
    done = engine.hooked(ctrl_c_at(after("train", 2)), *arguments)
    assert done.status == 130
    assert drawn.leftovers() == []
    with drawn.open() as project:
        run = project.runs.latest()
    assert run.status == "stopped"
    _, facts = load_checkpoint(drawn.project / "runs" / "cam" / "checkpoint.safetensors")
    assert facts["step"] == 2
    result = engine("train", drawn.project, "--resume").result
    assert (result["run"], result["steps"]) == ("cam", 8)


@pytest.mark.parametrize("place", ["started", "notice"])
def test_train_stopped_before_its_first_step_can_be_resumed(engine: Engine, drawn: Workplace, place: str) -> None:
    arguments = ("train", drawn.project, *TRAIN, "--epochs", "1", "--method", "cam")
    with drawn.open(write=True) as project:  # one image of boats only: a notice
        boat = project.classes.get("boat").id
        for image in list(project.images.iter())[1:]:
            project.tags.set(image.id, boat, 0)
    done = engine.hooked(ctrl_c_at(lambda event: event.name == place), *arguments)
    assert done.status == 130
    with drawn.open() as project:
        assert project.runs.latest().status == "stopped"
    assert engine("train", drawn.project, "--resume").result["steps"] == 4


def test_cams_go_on_where_they_stopped(engine: Engine, trained: Workplace) -> None:
    arguments = ("cams", trained.project, "--scales", "0.5", "--device", "cpu")
    done = engine.hooked(ctrl_c_at(after("cams", 4)), *arguments)
    assert done.status == 130
    assert trained.leftovers() == []
    again = engine(*arguments)
    assert again.named("started")[0]["skipped"] == 4
    assert (again.result["computed"], again.result["images"]) == (6, 10)


def test_masks_go_on_where_they_stopped(engine: Engine, trained: Workplace) -> None:
    arguments = ("masks", trained.project, "--threshold", "0.7")
    done = engine.hooked(ctrl_c_at(after("masks", 4)), *arguments)
    assert done.status == 130
    assert trained.leftovers() == []
    again = engine(*arguments)
    assert (again.result["computed"], again.result["images"]) == (6, 10)


def test_masks_stop_while_the_threshold_is_chosen(engine: Engine, trained: Workplace) -> None:
    done = engine.hooked(ctrl_c_at(after("threshold", 3)), "masks", trained.project)
    assert done.status == 130
    assert done.events[-1] == {"event": "progress", "stage": "threshold", "done": 3, "total": 10} | {
        "unit": "images",
        "note": "",
    }


def test_evaluate_stops(engine: Engine, trained: Workplace) -> None:
    done = engine.hooked(ctrl_c_at(after("evaluate", 3)), "evaluate", trained.project, "--masks", trained.truth)
    assert done.status == 130
    assert done.events[-1]["done"] == 3


@pytest.mark.parametrize("exists", [False, True])
def test_export_leaves_nothing_behind(engine: Engine, trained: Workplace, exists: bool) -> None:
    out = trained.root / "o"
    if exists:
        out.mkdir()
    arguments = ("export", trained.project, "--out", out, "--copy-images")
    done = engine.hooked(ctrl_c_at(after("export", 5)), *arguments)
    assert done.status == 130
    assert trained.leftovers() == []
    assert out.exists() == exists
    assert not exists or list(out.iterdir()) == []
    assert engine(*arguments).result["images"] == 10
    assert sorted(path.name for path in out.iterdir()) == ["annotations", "images", "report.json"]


def test_the_second_one_stops_at_once(engine: Engine, trained: Workplace) -> None:
    def twice(event: Event) -> None:
        if after("cams", 4)(event):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    arguments = ("cams", trained.project, "--scales", "0.5", "--device", "cpu")
    assert engine.hooked(twice, *arguments).status == 130
    assert trained.leftovers() == []
    assert engine(*arguments).result["images"] == 10


def test_the_second_one_in_the_middle_of_a_step_keeps_the_last_checkpoint(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fbr_engine.stages.trainer import Trainer

    def step(self: Trainer, batch: Any) -> dict[str, float]:
        if self.step_count == 5:
            raise KeyboardInterrupt
        return plain(self, batch)

    plain = Trainer.step
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", step)
        arguments = ("train", drawn.project, *TRAIN, "--epochs", "2", "--method", "cam")
        assert engine(*arguments).status == 130
    with drawn.open() as project:
        run = project.runs.latest()
    assert (run.status, run.figures["steps"]) == ("stopped", 4)
    assert engine("train", drawn.project, "--resume").result["steps"] == 8


def test_handlers_are_given_back(engine: Engine, trained: Workplace) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    engine("info", trained.project)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def follow_until(process: subprocess.Popen[str], wanted: Callable[[dict[str, object]], bool]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if wanted(json.loads(line)):
            return
    raise AssertionError(process.communicate()[1])


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fbr_engine", *map(str, arguments), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_process_that_trains_while_others_read_and_want_to_write(engine: Engine, trained: Workplace) -> None:
    """A real Ctrl+C in a real process; before it, what a second process may and may not do."""
    process = start("train", trained.project, *TRAIN, "--method", "cam", "--epochs", "1000", "--run", "long")
    try:
        follow_until(process, lambda event: event["event"] == "step_done")
        for arguments in (("train", *TRAIN), ("cams", *CAMS), ("masks",)):
            error = engine(arguments[0], trained.project, *arguments[1:]).error
            assert "is open for writing in another process" in error
            assert f"pid {process.pid}" in error
        runs = engine("info", trained.project).result["runs"]
        assert [(run["name"], run["status"]) for run in runs] == [("fbr", "done"), ("long", "training")]
        truth, out = trained.truth, trained.root / "o"
        assert engine("evaluate", trained.project, "--masks", truth, "--run", "fbr").result["images"] == 10
        assert engine("export", trained.project, "--out", out, "--run", "fbr").result["images"] == 10
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "press Ctrl+C again" in err
    assert "Traceback" not in err
    assert trained.leftovers() == []
    with trained.open() as project:
        run = project.runs.get("long")
    assert run.status == "stopped"
    assert run.figures["steps"] > 0


@pytest.mark.slow
def test_a_killed_training_is_evaluated_and_resumed(engine: Engine, drawn: Workplace) -> None:
    process = start("train", drawn.project, *TRAIN, "--method", "cam", "--epochs", "1000")
    try:
        follow_until(process, lambda event: event["event"] == "epoch_done")
    finally:
        process.kill()
        process.communicate()
    assert engine("cams", drawn.project, *CAMS).result["images"] == 10
    assert engine("masks", drawn.project).result["images"] == 10
    result = engine("evaluate", drawn.project, "--masks", drawn.truth).result
    assert list(result["iou"]) == ["background", "bird", "boat", "sheep", "train"]
    assert engine("info", drawn.project).result["runs"][0]["status"] == "stopped"
    done = engine.hooked(ctrl_c_at(lambda event: event.name == "step_done"), "train", drawn.project, "--resume")
    assert done.status == 130
    assert done.named("started")[0]["skipped"] > 0
