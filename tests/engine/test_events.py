from __future__ import annotations

import dataclasses
import json

import pytest

from fbr_engine.events import EpochDone, Event, FileWritten, ImageSkipped, Notice, Progress, Result, Started, StepDone

EVENTS: list[Event] = [
    Started("train", 10, "images", "fbr", 3),
    Progress("train", 1, 10, "images", "epoch 1/2"),
    StepDone(1, 2, 3, {"classification": 0.5}, 1e-3),
    EpochDone(1, 4, {"classification": 0.5}, 12.5, 3.0),
    FileWritten("masks", "a/b.jpg", "runs/cam/masks/a/b.jpg.png"),
    ImageSkipped("a.jpg", "broken"),
    Notice("look", "there"),
    Result("masks", {"images": 3, "names": ("a", "b"), "by": {1: (2,)}}),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_is_frozen_plain_and_ready_for_json(event: Event) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, dataclasses.fields(event)[0].name, None)
    values = event.to_json()
    assert values["event"] == event.name
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_names_are_in_snake_case() -> None:
    assert [event.name for event in EVENTS] == [
        "started",
        "progress",
        "step_done",
        "epoch_done",
        "file_written",
        "image_skipped",
        "notice",
        "result",
    ]


def test_a_result_has_its_figures_at_the_top() -> None:
    assert Result("masks", {"images": 3}).to_json() == {"event": "result", "stage": "masks", "images": 3}


def test_tuples_become_lists_and_keys_text() -> None:
    values = Result("x", {"names": ("a", "b"), "by": {1: (2,)}}).to_json()
    assert values["names"] == ["a", "b"]
    assert values["by"] == {"1": [2]}
