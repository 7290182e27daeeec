"""CAMs of a host that is told the tags are made again when these change; those of other hosts stay."""

from __future__ import annotations

import pytest
from workplace import TRAIN, Engine, Workplace

from fbr_engine.events import FileWritten
from fbr_engine.stages import infer_cams
from fbr_engine.stages.told_tags import outdated

CAMS = ("--scales", "0.5", "--device", "cpu", "--no-features")
NAME = "train_0003.png"


@pytest.fixture
def place(engine: Engine, trained: Workplace) -> Workplace:
    """Runs amn and cam, with CAMs."""
    for method in ("cam", "amn"):
        arguments = ("--method", method, "--run", method, "--epochs", "1", "--previews", "0")
        assert engine("train", trained.project, *TRAIN, *arguments).status == 0
        assert engine("cams", trained.project, *CAMS, "--run", method).result["computed"] == 10
    return trained


def change_a_tag(place: Workplace, split: str = "train") -> str:
    with place.open(write=True) as project:
        image = next(i for i in project.images.iter() if i.split == split)
        project.tags.set(image.id, 2, 1 - project.tags.of(image.id).get(2, 0))
        return image.path


def written(outcome_events: list[dict[str, object]]) -> list[object]:
    return [event["image"] for event in outcome_events if event["event"] == "file_written"]


def test_only_the_image_whose_tags_changed_is_computed_and_for_amn_only(engine: Engine, place: Workplace) -> None:
    for run in ("amn", "cam"):
        assert engine("cams", place.project, *CAMS, "--run", run).result["computed"] == 0
    changed = change_a_tag(place)
    again = engine("cams", place.project, *CAMS, "--run", "amn")
    assert written(again.events) == [changed]
    assert again.result["images"] == 10
    assert engine("cams", place.project, *CAMS, "--run", "cam").result["computed"] == 0
    assert engine("cams", place.project, *CAMS, "--run", "amn").result["computed"] == 0


def test_another_split_keeps_its_cams_until_its_turn(engine: Engine, place: Workplace) -> None:
    changed = change_a_tag(place, "val")
    assert engine("cams", place.project, *CAMS, "--run", "amn", "--split", "train").result["computed"] == 0
    with place.open() as project:
        info, image = project.runs.get("amn"), project.images.get(changed)
        assert project.maps.get(info.id, image.id, "cams") is not None
        assert outdated(project, info, info.figures["class_ids"]) == [image.id]
    assert written(engine("cams", place.project, *CAMS, "--run", "amn").events) == [changed]


def test_a_tag_that_changes_while_its_cam_is_made_is_not_lost(engine: Engine, place: Workplace) -> None:
    with place.open(write=True) as project:
        info = project.runs.get("amn")
        project.maps.forget(info.id, "cams")
        config = infer_cams.CamsConfig(scales=(0.5,), device="cpu", features=False)
        for event in infer_cams.run(project, config, "amn"):
            if isinstance(event, FileWritten) and event.image == NAME:
                image = project.images.get(NAME)
                project.tags.set(image.id, 1, 1 - project.tags.of(image.id).get(1, 0))
    assert written(engine("cams", place.project, *CAMS, "--run", "amn").events) == [NAME]
