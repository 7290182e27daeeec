"""Every stage is a generator of frozen events: it starts, its progress grows, and its result comes last."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from workplace import Workplace, run_until

from fbr_engine.config import (
    CamsConfig,
    EvaluateConfig,
    ExportConfig,
    MasksConfig,
    NewConfig,
    TrainConfig,
)
from fbr_engine.events import Event, Notice, Progress, Result, Started
from fbr_engine.project import Project
from fbr_engine.stages import (
    create_project,
    doctor,
    evaluate,
    export_dataset,
    infer_cams,
    make_pseudo_masks,
    train,
)

TRAIN = TrainConfig(backbone="tiny", weights="none", crop=33, batch=3, epochs=2, device="cpu")
Stage = Callable[[Project, Workplace], Iterator[Event]]
STAGES: dict[str, Stage] = {
    "train": lambda project, _: train.run(project, TRAIN, "new"),
    "cams": lambda project, _: infer_cams.run(project, CamsConfig(scales=(0.5,), device="cpu"), "fbr"),
    "masks": lambda project, _: make_pseudo_masks.run(project, MasksConfig(threshold="0.6"), "fbr"),
    "auto": lambda project, _: make_pseudo_masks.run(project, MasksConfig(refine="pamr", device="cpu"), "fbr"),
    "evaluate": lambda project, place: evaluate.run(project, EvaluateConfig(masks=str(place.truth)), "fbr"),
    "export": lambda project, place: export_dataset.run(project, ExportConfig(out=str(place.root / "o")), "fbr"),
}


def check(events: list[Event]) -> None:
    assert isinstance(events[-1], Result)
    assert sum(isinstance(event, Result) for event in events) == 1
    started: Started | None = None
    last = 0
    for event in events:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(event, dataclasses.fields(event)[0].name, None)
        if isinstance(event, Started):
            started, last = event, event.skipped
        if isinstance(event, Progress):
            assert started is not None
            assert (event.stage, event.total, event.unit) == (started.stage, started.total, started.unit)
            assert last < event.done <= event.total
            last = event.done
    assert started is not None
    assert last == started.total


@pytest.mark.parametrize("stage", STAGES)
def test_the_protocol(trained: Workplace, stage: str) -> None:
    with trained.open(write=True) as project:
        check(list(STAGES[stage](project, trained)))


def test_nothing_happens_before_the_first_event_is_asked_for(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        for stage in STAGES.values():
            stage(project, trained)
        assert [run.name for run in project.runs.all()] == ["fbr"]
    create_project.run(trained.root / "q", NewConfig(images=str(trained.images)))
    assert not (trained.root / "q").exists()


@pytest.mark.parametrize("stage", STAGES)
def test_closing_at_any_of_the_first_events_leaves_no_wreck(trained: Workplace, stage: str) -> None:
    with trained.open(write=True) as project:
        for count in (1, 2, 4):
            left = [count]

            def wanted(_: Event, left: list[int] = left) -> bool:
                left[0] -= 1
                return left[0] == 0

            run_until(STAGES[stage](project, trained), wanted)
            assert trained.leftovers() == []
            assert not (trained.root / "o").exists()
            assert all(run.status in ("done", "stopped") for run in project.runs.all())
            if stage == "train":
                project.runs.delete("new")
        check(list(STAGES[stage](project, trained)))


def test_new_and_doctor(drawn: Workplace) -> None:
    config = NewConfig(images=str(drawn.images), tags=str(drawn.tags), classes=("boat",))
    events = list(create_project.run(drawn.root / "q", config))
    assert isinstance(events[0], Started)
    assert any(isinstance(event, Notice) for event in events)
    assert isinstance(events[-1], Result)
    assert isinstance(list(doctor.run())[-1], Result)
