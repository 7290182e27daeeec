"""A second stage: whose masks it learns from, what their values mean, and its whole way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from workplace import CAMS, TRAIN, Engine, Workplace, run_until

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError, ProjectError
from fbr_engine.events import StepDone
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.project import Project, save_mask
from fbr_engine.stages import train
from fbr_engine.stages.seed_masks import SeedMasks, read_labels, with_seed_run
from fbr_engine.stages.training_data import BatchLoader, training_set
from fbr_engine.stages.training_planes import training_planes

CONFIG = TrainConfig(
    method="amn", backbone="tiny", weights="none", crop=33, batch=3, epochs=2, device="cpu", warmup=0.2, previews=1
)


def add_run(project: Project, name: str, method: str, status: str = "done", *, masks: bool = True) -> None:
    run = project.runs.create(name, method, TrainConfig(method=method).to_json())
    project.runs.update(run.id, status=status)  # type: ignore[arg-type]
    if masks:
        image = project.images.get("train_0001.png")
        project.maps.record(run.id, image.id, "masks", "f", f"runs/{name}/masks/train_0001.png.png")


def test_the_newest_finished_first_stage_with_masks_is_taken(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        with pytest.raises(ProjectError, match="amn learns from the masks of an earlier run, and no finished run"):
            with_seed_run(project, CONFIG)
        add_run(project, "old", "cam")
        add_run(project, "good", "cam+fbr")
        add_run(project, "bare", "cam", masks=False)
        add_run(project, "begun", "cam", "stopped")
        add_run(project, "second", "amn")
        assert with_seed_run(project, CONFIG).seeds_from == "good"
        assert with_seed_run(project, replace(CONFIG, seeds_from="old")).seeds_from == "old"
        assert with_seed_run(project, replace(CONFIG, seeds_from="second")).seeds_from == "second"
        assert with_seed_run(project, replace(CONFIG, method="cam")).seeds_from == ""
        assert with_seed_run(project, replace(CONFIG, split="train")).seeds_from == "good"
        with pytest.raises(ProjectError, match=r"has masks of the split 'val': train cam[+]fbr first"):
            with_seed_run(project, replace(CONFIG, split="val"))
        with pytest.raises(ProjectError, match=r"seeds-from is bare but this run has no masks yet: make them first"):
            with_seed_run(project, replace(CONFIG, seeds_from="bare"))
        with pytest.raises(ProjectError, match="has no run 'gone': its runs are old, good, bare"):
            with_seed_run(project, replace(CONFIG, seeds_from="gone"))


def test_only_a_host_that_learns_from_masks_may_be_given_some() -> None:
    with pytest.raises(ConfigError, match="seeds-from is 'a' but only amn learns from masks: leave it empty"):
        TrainConfig(method="cam", seeds_from="a")
    assert TrainConfig(method="amn+fbr", seeds_from="a").learns_from_masks


def test_values_of_a_mask_are_classes_as_they_are_today(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        ids = {c.name: c.id for c in project.classes.all()}
        assert set(ids) == {"bird", "boat", "sheep", "train"}
        project.classes.set_learnt(["sheep", "bird"])
        project.classes.merge("boat", "bird")
        learnt = project.classes.learnt()
        run = project.runs.create("a", "cam", {})
        table = SeedMasks(project, run, learnt).table()
        index = {c.name: i for i, c in enumerate(learnt, start=1)}
        assert table[0] == 0
        assert table[ids["bird"]] == table[ids["boat"]] == index["bird"]
        assert table[ids["sheep"]] == index["sheep"]
        assert table[ids["train"]] == table[255] == table[200] == 255
        project.classes.delete("train")
        table = SeedMasks(project, run, learnt).table()
        assert table[ids["train"]] == 0
        path = project.runs.folder("a") / "m.png"
        values = np.array([[0, ids["boat"]], [ids["sheep"], 255]], dtype=np.uint8)
        save_mask(path, values)
        assert read_labels(path, table).tolist() == [[0, index["bird"]], [index["sheep"], 255]]


def test_batches_carry_the_masks_and_255_without_one(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        data = training_set(project, "")
        first = project.images.get("train_0001.png")
        run = project.runs.latest()
        project.maps.forget(run.id, "masks", first.id)
        config = replace(CONFIG, seeds_from=run.name, scale_low=1.0, scale_high=1.0)
        planes, notices = training_planes(project, config, data.classes, data.ids.tolist())
        assert [n.message for n in notices] == [
            f"learns from the masks of run {run.name}, which has one for 9 of 10 images"
        ]
        for loaded in BatchLoader(project, data, config, torch.device("cpu"), planes).epoch(0):
            batch = loaded.batch
            assert batch is not None
            assert batch.labels is not None
            assert batch.saliency is None
            assert batch.labels.dtype == torch.int64
            assert batch.labels.shape == (len(batch.images), 33, 33)
            for labels, image_id, tags, valid in zip(
                batch.labels, batch.origin.image, batch.tags, batch.valid, strict=True
            ):
                shown = set(labels.unique().tolist())
                if image_id == first.id:
                    assert shown == {255}
                    continue
                assert (labels[~valid] == 255).all()
                assert shown - {0, 255} <= {i + 1 for i, tag in enumerate(tags.tolist()) if tag == 1}
                assert (labels[valid] != 255).any()


@pytest.mark.parametrize("method", ["amn", "amn+fbr"])
def test_a_second_stage_goes_the_whole_way_and_resumes_exactly(engine: Engine, trained: Workplace, method: str) -> None:
    config = replace(CONFIG, method=method)
    with trained.open(write=True) as project:
        events = list(train.run(project, config, "whole"))
        run_until(train.run(project, config, "parts"), lambda event: isinstance(event, StepDone) and event.step == 2)
        list(train.run(project, config, "parts", resume=True))
        assert project.runs.get("whole").config["seeds_from"] == "fbr"
    steps = [event.losses for event in events if isinstance(event, StepDone)]
    assert all({"classification", "pixel"} <= set(losses) for losses in steps)
    tensors, facts = load_checkpoint(trained.project / "runs" / "whole" / "checkpoint.safetensors")
    others, other_facts = load_checkpoint(trained.project / "runs" / "parts" / "checkpoint.safetensors")
    assert facts == other_facts
    assert facts["seeds_digest"]
    assert tensors.keys() == others.keys()
    assert all(torch.equal(tensors[name], others[name]) for name in tensors)
    assert engine("cams", trained.project, "--run", "whole", *CAMS).result["images"] == 10
    assert engine("masks", trained.project, "--run", "whole", "--device", "cpu").result["images"] == 10


def test_a_broken_mask_is_named_and_the_image_teaches_by_its_tags(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        run = project.runs.latest()
        image = project.images.get("train_0003.png")
        found = project.maps.get(run.id, image.id, "masks")
        assert found is not None
        project.path_of(found.location).write_bytes(b"no mask")
        events = list(train.run(project, CONFIG, "second"))
        said = [event.message for event in events if event.name == "notice"]  # type: ignore[attr-defined]
        assert len([text for text in said if "trained without this mask" in text]) == 1


def test_what_is_learnt_from_must_still_be_there_on_resume(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        run_until(train.run(project, CONFIG, "second"), lambda event: isinstance(event, StepDone))
        first = project.runs.get("fbr")
        image = project.images.get("train_0001.png")
        made = project.maps.get(first.id, image.id, "masks")
        assert made is not None
        project.maps.record(first.id, image.id, "masks", "another threshold", made.location)
        with pytest.raises(ProjectError, match="the masks that this run learns from have changed"):
            list(train.run(project, CONFIG, "second", resume=True))
        project.maps.record(first.id, image.id, "masks", made.fingerprint, made.location)
        project.runs.rename("fbr", "other")
        with pytest.raises(ProjectError, match="the run fbr, from whose masks this run learns, is not in the project"):
            list(train.run(project, CONFIG, "second", resume=True))
        project.runs.rename("other", "fbr")
        list(train.run(project, CONFIG, "second", resume=True))
        assert project.runs.get("second").status == "done"


def test_the_command_says_what_a_second_stage_needs(engine: Engine, drawn: Workplace) -> None:
    error = engine("train", drawn.project, *TRAIN, "--method", "amn").error
    assert "amn learns from the masks of an earlier run, and no finished run of" in error
    assert "train cam+fbr first and make its CAMs and masks" in error
    status, _, usage = engine.text("train", drawn.project, *TRAIN, "--method", "cam", "--seeds-from", "x")
    assert status == 2
    assert "only amn learns from masks" in usage
