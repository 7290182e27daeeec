"""Training repeats and resumes bit by bit on the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from workplace import TRAIN, Engine, Workplace, run_until

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, Notice, Result, StepDone
from fbr_engine.hosts import Batch
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.stages import train
from fbr_engine.stages.trainer import Trainer

CONFIG = TrainConfig(
    method="cam+fbr",
    backbone="tiny",
    weights="none",
    crop=33,
    batch=3,
    epochs=3,
    device="cpu",
    warmup=0.2,
    seed=3,
    previews=0,
)
FACTS = {"step", "total_steps", "classes", "class_names", "images", "images_digest", "config"}


def assert_same(one: Path, other: Path) -> None:
    ours, our_facts = load_checkpoint(one)
    theirs, their_facts = load_checkpoint(other)
    assert our_facts == their_facts
    assert our_facts.keys() == FACTS
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert torch.equal(ours[name], theirs[name]), name


def checkpoint(place: Workplace, run: str) -> Path:
    return place.project / "runs" / run / "checkpoint.safetensors"


def stop_at(steps: int):  # type: ignore[no-untyped-def]
    seen = 0

    def wanted(event: Event) -> bool:
        nonlocal seen
        seen += isinstance(event, StepDone)
        return seen == steps

    return wanted


def test_the_same_seed_gives_the_same_weights_and_another_does_not(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            list(train.run(project, TrainConfig(**(CONFIG.to_json() | {"seed": seed, "epochs": 1})), name))
    assert_same(checkpoint(drawn, "a"), checkpoint(drawn, "b"))
    ours, _ = load_checkpoint(checkpoint(drawn, "a"))
    theirs, _ = load_checkpoint(checkpoint(drawn, "c"))
    assert not torch.equal(ours["network.head.weight"], theirs["network.head.weight"])


@pytest.mark.parametrize("method", ["cam", "cam+fbr"])
def test_a_resumed_run_ends_like_an_uninterrupted_one(drawn: Workplace, method: str) -> None:
    config = TrainConfig(**(CONFIG.to_json() | {"method": method}))
    with drawn.open(write=True) as project:
        list(train.run(project, config, "whole"))
        # In the middle of an epoch, at its end, and twice.
        run_until(train.run(project, config, "parts"), stop_at(2))
        run_until(train.run(project, config, "parts", resume=True), stop_at(1))
        torch.manual_seed(912)
        run_until(train.run(project, config, "parts", resume=True), stop_at(3))
        assert project.runs.get("parts").status == "stopped"
        list(train.run(project, config, "parts", resume=True))
        assert project.runs.get("parts").status == "done"
    assert_same(checkpoint(drawn, "whole"), checkpoint(drawn, "parts"))
    if method == "cam+fbr":
        tensors, _ = load_checkpoint(checkpoint(drawn, "whole"))
        assert len(tensors["bank.image"]) > 0


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_stopping_after_every_step_changes_nothing(drawn: Workplace, precision: str) -> None:
    config = TrainConfig(**(CONFIG.to_json() | {"epochs": 2, "precision": precision}))
    with drawn.open(write=True) as project:
        list(train.run(project, config, "whole"))
        run_until(train.run(project, config, "parts"), stop_at(1))
        for _ in range(7):
            torch.manual_seed(912)
            run_until(train.run(project, config, "parts", resume=True), stop_at(1))
        list(train.run(project, config, "parts", resume=True))
    assert_same(checkpoint(drawn, "whole"), checkpoint(drawn, "parts"))


@pytest.mark.parametrize("steps", [2, 6, 7])
def test_being_killed_in_a_step_changes_nothing(drawn: Workplace, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    plain = Trainer.backward

    def backward(self: Trainer, batch: Batch) -> dict[str, float]:
        losses = plain(self, batch)
        if self.step_count == steps:
            raise KeyboardInterrupt
        return losses

    config = TrainConfig(**(CONFIG.to_json() | {"epochs": 2}))
    with drawn.open(write=True) as project:
        list(train.run(project, config, "whole"))
        monkeypatch.setattr(Trainer, "backward", backward)
        with pytest.raises(KeyboardInterrupt):
            list(train.run(project, config, "parts"))
        monkeypatch.setattr(Trainer, "backward", plain)
        list(train.run(project, config, "parts", resume=True))
    assert_same(checkpoint(drawn, "whole"), checkpoint(drawn, "parts"))


def test_a_broken_image_does_not_keep_a_run_from_resuming(drawn: Workplace) -> None:
    (drawn.images / "train_0003.png").write_bytes(b"no image")
    with drawn.open(write=True) as project:
        whole = list(train.run(project, CONFIG, "whole"))
        run_until(train.run(project, CONFIG, "parts"), stop_at(6))
        list(train.run(project, CONFIG, "parts", resume=True))
    assert_same(checkpoint(drawn, "whole"), checkpoint(drawn, "parts"))
    assert [event.name for event in whole].count("image_skipped") == 1


def test_the_checkpoint_of_a_finished_run_is_not_written_again(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        list(train.run(project, CONFIG, "a"))
        before = checkpoint(drawn, "a").stat().st_mtime_ns
        project.runs.update(project.runs.get("a").id, status="stopped")  # as if it was killed just before its end
        events = list(train.run(project, CONFIG, "a", resume=True))
        assert isinstance(events[-1], Result)
        assert events[-1].values["steps"] == 12
        again = list(train.run(project, CONFIG, "a", resume=True))
    assert checkpoint(drawn, "a").stat().st_mtime_ns == before
    assert [type(event) for event in again] == [Notice, Result]
    assert again[-1].to_json()["run"] == "a"


def test_another_option_is_refused_and_another_device_is_not(engine: Engine, drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        run_until(train.run(project, CONFIG, "a"), stop_at(1))
    error = engine("train", drawn.project, "--resume", "--epochs", "5", "--batch", "3", "--lr-head", "0.1").error
    assert "run a was begun with another --epochs, --lr-head: leave it out, or train a new run" in error
    same = engine("train", drawn.project, "--resume", *TRAIN, "--device", "auto")
    assert (same.status, same.result["steps"]) == (0, 12)


def test_a_run_of_a_lost_device_goes_on_elsewhere(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with drawn.open(write=True) as project:
        run_until(train.run(project, CONFIG, "a"), stop_at(1))
        run = project.runs.get("a")
        project.runs.update(run.id, config=run.config | {"device": "cuda"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "no CUDA device was found: use --device cpu" in engine("train", drawn.project, "--resume").error
    assert engine("train", drawn.project, "--resume", "--device", "cpu").result["steps"] == 12


def test_changed_classes_or_tags_cannot_be_resumed(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        run_until(train.run(project, CONFIG, "a"), stop_at(1))
        before = checkpoint(drawn, "a").read_bytes()
        project.classes.set_learnt(["bird", "sheep"])
        with pytest.raises(ProjectError, match="the classes, the tagged images or their tags have changed"):
            list(train.run(project, CONFIG, "a", resume=True))
        project.classes.set_learnt(["bird", "boat", "sheep", "train"])
        first = project.images.get("train_0001.png")
        tags = project.tags.of(first.id)
        for class_id in tags:
            project.tags.set(first.id, class_id, None)
        with pytest.raises(ProjectError, match="the classes, the tagged images or their tags have changed"):
            list(train.run(project, CONFIG, "a", resume=True))
        assert project.runs.get("a").status == "stopped"
        assert checkpoint(drawn, "a").read_bytes() == before
        for class_id, value in tags.items():
            project.tags.set(first.id, class_id, value)
        assert isinstance(list(train.run(project, CONFIG, "a", resume=True))[-1], Result)
