"""The refiner walk is learnt once on a run's seeds, the same every time, and whole or not at all."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest
import torch
from workplace import Workplace, run_until

from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, Progress, Started
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.project import Project
from fbr_engine.refiners.base import Refiner
from fbr_engine.stages.affinity import FILE, load, prepare
from fbr_engine.stages.affinity_training import TrainingOptions, seed_labels_of
from fbr_engine.stages.stored_cams import StoredCam

CPU = torch.device("cpu")


def prepared(project: Project, threshold: float = 0.4) -> tuple[list[Event], Refiner]:
    stage, events = prepare(project, project.runs.get("fbr"), threshold, CPU), []
    while True:
        try:
            events.append(next(stage))
        except StopIteration as end:
            return events, end.value


def test_it_is_learnt_once_for_a_threshold_and_read_back(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        with pytest.raises(ProjectError, match="--refine walk"):
            load(project, info, CPU)
        events, refiner = prepared(project)
        assert isinstance(events[0], Started)
        assert isinstance(events[-1], Progress)
        assert (events[-1].done, events[-1].total) == (10, 10)
        image, scores = torch.rand(3, 40, 60), torch.rand(3, 40, 60)
        refined = refiner(image, scores)
        assert refined.shape == scores.shape
        again, same = prepared(project)
        assert again == []
        assert same.digest == refiner.digest == load(project, info, CPU).digest != ""
        assert torch.equal(load(project, info, CPU)(image, scores), refined)
        other, changed = prepared(project, 0.2)
        assert other
        assert changed.digest != refiner.digest


def test_the_same_comes_out_every_time_whatever_others_draw(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        path = project.runs.folder("fbr") / FILE
        prepared(project)
        first = path.read_bytes()
        path.unlink()
        torch.rand(7)
        prepared(project)
        assert path.read_bytes() == first


def test_the_backbone_stays_and_the_branch_learns(trained: Workplace) -> None:
    checkpoint = trained.project / "runs" / "fbr" / "checkpoint.safetensors"
    before = checkpoint.read_bytes()
    with trained.open(write=True) as project:
        events, _ = prepared(project)
    assert checkpoint.read_bytes() == before
    notes = [float(e.note.split()[1]) for e in events if isinstance(e, Progress) and e.note]
    assert notes
    assert all(np.isfinite(notes))


def test_closing_it_leaves_nothing(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        stage: Generator[Event, None, Refiner] = prepare(project, project.runs.get("fbr"), 0.4, CPU)
        run_until(stage, lambda event: isinstance(event, Progress) and event.done == 3)
        assert not (project.runs.folder("fbr") / FILE).exists()
        assert trained.leftovers() == []
        with pytest.raises(ProjectError):
            load(project, project.runs.get("fbr"), CPU)


def test_broken_photos_and_files_are_passed_over(trained: Workplace) -> None:
    broken = trained.images / "train_0001.png"
    broken.write_bytes(b"no image")
    with trained.open(write=True) as project:
        path = project.runs.folder("fbr") / FILE
        path.write_bytes(b"no tensors")
        project.map_path("fbr", "train_0003.png", "cams", "npz").write_bytes(b"no arrays")
        events, _ = prepared(project)
        assert isinstance(events[-1], Progress)
        assert events[-1].done == 10


def test_a_retrained_run_needs_a_new_branch(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        prepared(project)
        checkpoint = project.runs.folder("fbr") / "checkpoint.safetensors"
        before = checkpoint.read_bytes()
        tensors, facts = load_checkpoint(checkpoint)
        save_checkpoint(checkpoint, tensors, facts | {"step": 999})
        assert checkpoint.read_bytes() != before
        with pytest.raises(ProjectError, match="--refine walk"):
            load(project, info, CPU)
        events, _ = prepared(project)
        assert events


def test_without_tagged_images_there_is_nothing_to_learn_from(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        project.tags.set_many([(i.id, c, 0) for i in project.images.iter() for c in range(1, 5)])
        with pytest.raises(ProjectError, match="--refine pamr"):
            prepared(project)


def test_sure_labels_leave_a_gap_around_the_threshold() -> None:
    cam = StoredCam(np.array([[[0, 70, 110, 200]], [[50, 0, 0, 255]]], np.uint8), np.array([3, 5], np.int32), (1, 4))
    labels = seed_labels_of(cam, (1, 4), 0.4, TrainingOptions())
    assert labels.tolist() == [[0, 0, 255, 2]]
    high = seed_labels_of(cam, (1, 4), 0.9, TrainingOptions())
    assert high.tolist() == [[0, 0, 0, 2]]
