"""A few images' CAMs after every epoch; the training does not notice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from workplace import Workplace, run_until

from fbr_engine.config import TrainConfig
from fbr_engine.events import EpochDone, Event, FileWritten, StepDone
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.stages import train
from fbr_engine.stages.stored_previews import previews, read_preview
from fbr_engine.stages.training_previews import preview_rows

CONFIG = TrainConfig(backbone="tiny", weights="none", crop=33, batch=3, epochs=2, device="cpu", warmup=0.2, previews=4)


def weights(place: Workplace, run: str) -> dict[str, torch.Tensor]:
    return load_checkpoint(place.project / "runs" / run / "checkpoint.safetensors")[0]


def written(events: list[Event]) -> list[FileWritten]:
    return [e for e in events if isinstance(e, FileWritten) and e.kind == "preview"]


def test_rows_are_spread_over_those_with_a_present_tag() -> None:
    tags = np.full((100, 2), -1, np.int8)
    tags[10:90, 1] = 1
    tags[:10] = 0
    assert preview_rows(tags, 3).tolist() in ([10, 49, 89], [10, 50, 89])
    assert preview_rows(tags, 1).tolist() == [10]
    assert preview_rows(tags, 0).tolist() == []
    assert preview_rows(tags[:12], 6).tolist() == [10, 11]
    assert preview_rows(tags[:10], 6).tolist() == []


def test_previews_come_before_the_first_step_and_after_every_epoch(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        events = list(train.run(project, CONFIG, "a"))
        info = project.runs.get("a")
        kinds = [type(e).__name__ for e in events if isinstance(e, (FileWritten, EpochDone, StepDone))]
        assert kinds[:5] == ["FileWritten"] * 4 + ["StepDone"]
        after = kinds.index("EpochDone")
        assert kinds[after + 1 : after + 5] == ["FileWritten"] * 4
        assert [e.path for e in written(events)][:1] == ["runs/a/previews/000/train_0001.png.npz"]
        found = previews(project, info)
        assert len(found) == 4
        for name, pairs in found.items():
            assert [epoch for epoch, _ in pairs] == [0, 1, 2]
            present = {c for c, value in project.tags.of(project.images.get(name).id).items() if value == 1}
            for _, path in pairs:
                stored = read_preview(project, path)
                assert set(stored.class_ids.tolist()) == present
                assert stored.cam.shape == (len(present), 6, 6)
                assert stored.size == (96, 96)
                assert stored.scores().shape == (len(present), 96, 96)
        project.classes.delete("bird")
        assert all(1 not in read_preview(project, pairs[0][1]).class_ids for pairs in found.values())


@pytest.mark.parametrize("method", ["cam", "cam+fbr"])
def test_the_weights_are_the_same_with_and_without(drawn: Workplace, method: str) -> None:
    with drawn.open(write=True) as project:
        for name, count in (("with", 4), ("without", 0)):
            events = list(train.run(project, replace(CONFIG, previews=count, method=method), name))
            assert bool(written(events)) == bool(count)
        run_until(train.run(project, replace(CONFIG, method=method), "parts"), lambda e: isinstance(e, EpochDone))
        list(train.run(project, CONFIG, "parts", resume=True))
        assert all(len(pairs) >= 2 for pairs in previews(project, project.runs.get("parts")).values())
        assert previews(project, project.runs.get("without")) == {}
    ours = weights(drawn, "with")
    for other in ("without", "parts"):
        theirs = weights(drawn, other)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours), other


def test_a_run_of_an_earlier_version_resumes(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        run_until(train.run(project, CONFIG, "a"), lambda e: isinstance(e, StepDone))
        info = project.runs.get("a")
        old = {key: value for key, value in info.config.items() if key != "previews"}
        project.runs.update(info.id, config=old)
        for path in (project.runs.folder("a") / "previews").rglob("*.*"):
            path.unlink()
        list(train.run(project, CONFIG, "a", resume=True))
        assert project.runs.get("a").status == "done"
        assert [e for e, _ in next(iter(previews(project, info).values()))] == [1, 2]


def test_a_broken_image_has_no_preview(drawn: Workplace) -> None:
    (drawn.images / "train_0001.png").write_bytes(b"no image")
    with drawn.open(write=True) as project:
        list(train.run(project, CONFIG, "a"))
        assert previews(project, project.runs.get("a"))["train_0001.png"] == []


def test_the_speed_is_kept(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        list(train.run(project, CONFIG, "a"))
        lines = (Path(project.runs.folder("a")) / "metrics.jsonl").read_text().splitlines()
    assert all(json.loads(line)["images_per_second"] > 0 for line in lines)


def test_images_taken_out_while_training_are_passed_over(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        events = train.run(project, CONFIG, "a")
        for event in events:
            if isinstance(event, StepDone):
                break
        project.images.remove([image.id for image in project.images.iter()][:4])
        rest = list(events)
        assert project.runs.get("a").status == "done"
        assert any(isinstance(event, EpochDone) for event in rest)
