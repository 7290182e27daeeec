"""The refiner walk is learnt once on a run's seeds, the same every time, and whole or not at all."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from workplace import Workplace, run_until

from fbr_engine.data.prefetch import prefetch
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, Progress, Started
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.project import Project
from fbr_engine.refiners.base import Refiner
from fbr_engine.stages import affinity_training
from fbr_engine.stages.affinity import FILE, load, prepare
from fbr_engine.stages.affinity_training import TrainingOptions, seed_labels_of
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import CamRecord, StoredCam

CPU = torch.device("cpu")
ONCE = TrainingOptions(views=9)  # of ten images one has no present tag


def prepared(project: Project, threshold: float = 0.4, options: TrainingOptions = ONCE) -> tuple[list[Event], Refiner]:
    stage, events = prepare(project, project.runs.get("fbr"), threshold, CPU, options), []
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
        assert (events[-1].done, events[-1].total) == (9, 9)
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
        stage: Generator[Event, None, Refiner] = prepare(project, project.runs.get("fbr"), 0.4, CPU, ONCE)
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
        assert events[-1].done == 9


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


def test_cams_made_otherwise_need_a_new_branch(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        _, refiner = prepared(project)
        image, location, extra = next(iter(project.maps.done(info.id, CAMS)))
        project.maps.record(info.id, image.id, CAMS, "made otherwise", location, extra)
        assert load(project, info, CPU).digest == refiner.digest
        assert prepared(project)[0]
        assert prepared(project)[0] == []


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The learning rate of every step that is taken."""
    taken: list[float] = []

    class Recorded(torch.optim.AdamW):
        def step(self, closure: Any = None) -> None:
            taken.append(self.param_groups[0]["lr"])
            super().step(closure)

    monkeypatch.setattr(torch.optim, "AdamW", Recorded)
    return taken


def test_few_images_are_seen_again_in_another_order(trained: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def spied(records: Iterable[CamRecord], load: Any) -> Iterator[Any]:
        for record, sample in prefetch(records, load):
            seen.append(record.image.id)
            yield record, sample

    monkeypatch.setattr(affinity_training, "prefetch", spied)
    with trained.open(write=True) as project:
        events, _ = prepared(project, options=TrainingOptions(views=19))
    assert [e.total for e in events if isinstance(e, Started)] == [27]
    assert [e.done for e in events if isinstance(e, Progress)] == list(range(1, 28))
    epochs = [seen[:9], seen[9:18], seen[18:]]
    assert len(set(seen)) == 9
    assert all(sorted(epoch) == sorted(set(seen)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_of_many_images_so_many_are_seen_once(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        events, _ = prepared(project, options=TrainingOptions(views=4))
    assert [e.done for e in events if isinstance(e, Progress)] == [1, 2, 3, 4]


def test_every_step_counts_the_last_few_images_too(trained: Workplace, rates: list[float]) -> None:
    with trained.open(write=True) as project:
        prepared(project, options=TrainingOptions(views=18, together=8, learning_rate=0.01))
    assert rates == pytest.approx([0.001, 0.002 * (1 - 8 / 18) ** 0.9, 0.00225 * (1 - 10 / 18) ** 0.9])


def test_fewer_images_than_a_step_sums_make_one(trained: Workplace, rates: list[float]) -> None:
    with trained.open(write=True) as project:
        path = project.runs.folder("fbr") / FILE
        prepared(project, options=TrainingOptions(views=3, learning_rate=0.01))
        assert path.is_file()
    assert rates == pytest.approx([0.01 * 3 / 80])


def test_images_without_a_present_tag_do_not_count(trained: Workplace, rates: list[float]) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        images = [image for image, _, _ in project.maps.done(info.id, CAMS)]
        project.tags.set_many([(i.id, c, 0) for i in images[:4] for c in range(1, 5)])
        events, _ = prepared(project, options=TrainingOptions(views=12, together=6))
    assert [e.total for e in events if isinstance(e, Started)] == [12]
    assert len(rates) == 2


def test_photos_that_are_all_broken_teach_nothing(trained: Workplace) -> None:
    for photo in trained.images.iterdir():
        photo.write_bytes(b"no image")
    with trained.open(write=True) as project:
        with pytest.raises(ProjectError, match="--refine pamr"):
            prepared(project)
        assert not (project.runs.folder("fbr") / FILE).exists()


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
