"""A training that learns from judgements, and one that starts from an earlier run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from workplace import Engine, Workplace, run_until

from fbr_engine.concepts.effect import Cast
from fbr_engine.config import ConceptsConfig, TrainConfig
from fbr_engine.data.judged_plane import UNSURE, JudgedPlane
from fbr_engine.errors import ConfigError, ProjectError, ReadError
from fbr_engine.events import Event, Notice, StepDone
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.project import Project, load_arrays, save_arrays
from fbr_engine.stages import concepts, train
from fbr_engine.stages.judge import judge, require_concepts, withdraw
from fbr_engine.stages.judged_planes import JudgedPlanes
from fbr_engine.stages.make_judged_planes import forced_pixels, judged_run, make_judged_planes, seed_of
from fbr_engine.stages.training_data import TrainingSet, training_set

CONFIG = TrainConfig(
    method="cam+fbr",
    backbone="tiny",
    weights="none",
    crop=33,
    batch=3,
    epochs=2,
    device="cpu",
    precision="fp32",
    seed=3,
)


def activate(project: Project) -> None:
    """Write CAMs that grow from left to right: a network of two epochs activates nothing."""
    for _, location, _ in project.maps.done(project.runs.get("fbr").id, "cams"):
        path = project.path_of(location)
        arrays = load_arrays(path)
        width = arrays["cam"].shape[2]
        arrays["cam"] = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8), arrays["cam"].shape).copy()
        save_arrays(path, **arrays)


def judge_everything(project: Project, verdict: str = "background") -> None:
    """Find the concepts of the run, and judge all activation concepts for their own class."""
    info = project.runs.get("fbr")
    activate(project)
    list(concepts.run(project, ConceptsConfig(per_class=2, background=3), "fbr"))
    found = require_concepts(project, info)
    for concept in found.ids():
        family = found.family_of(concept)
        if family:
            judge(project, info, found, concept, family, verdict, "me")


def made(project: Project, config: TrainConfig) -> tuple[JudgedPlanes | None, list[Event], TrainingSet]:
    data = training_set(project, config.split)
    events = []
    stage = make_judged_planes(project, config, data)
    while True:
        try:
            events.append(next(stage))
        except StopIteration as end:
            return end.value, events, data


def tensors_of(place: Workplace, run: str) -> dict[str, torch.Tensor]:
    return load_checkpoint(checkpoint(place, run))[0]


def checkpoint(place: Workplace, run: str) -> Path:
    return place.project / "runs" / run / "checkpoint.safetensors"


def assert_same(place: Workplace, one: str, other: str) -> None:
    ours, theirs = tensors_of(place, one), tensors_of(place, other)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def losses(events: list[Event]) -> list[dict[str, float]]:
    return [event.losses for event in events if isinstance(event, StepDone)]


@pytest.mark.parametrize(("verdict", "sign"), [("background", -1), ("object", 1)])
def test_judged_planes_force_what_was_judged(trained: Workplace, verdict: str, sign: int) -> None:
    with trained.open(write=True) as project:
        judge_everything(project, verdict)
        planes, _, data = made(project, CONFIG)
        assert planes is not None
        signs = set()
        for image_id, tags in zip(data.ids.tolist(), data.tags, strict=True):
            plane = planes.find(image_id)
            if plane is None:
                continue
            assert set(plane.forced) <= set(np.flatnonzero(tags == 1))
            assert set(np.unique(plane.seeds)) <= {0, UNSURE} | {int(i) + 1 for i in np.flatnonzero(tags == 1)}
            for forced in plane.forced.values():
                signs |= set(np.unique(forced).tolist())
        assert signs - {0} == {sign}


def test_planes_come_back_from_the_run_s_folder(tmp_path: Path) -> None:
    seeds = np.array([[0, 1, UNSURE], [2, 0, 0]], dtype=np.uint8)
    forced = np.array([[1, -1], [0, 0], [1, 1]], dtype=np.int8)
    planes = JudgedPlanes(
        {
            9: JudgedPlane(seeds, {}),
            4: JudgedPlane(seeds[:, :1], {1: forced, 0: forced[:1]}),
            12: JudgedPlane(seeds, {2: forced}),
        }
    )
    planes.save(tmp_path)
    back = JudgedPlanes.load(tmp_path)
    assert back is not None
    assert len(back) == 3
    assert back.find(5) is None
    for image_id in (4, 9, 12):
        ours, theirs = planes.find(image_id), back.find(image_id)
        assert ours is not None
        assert theirs is not None
        assert np.array_equal(ours.seeds, theirs.seeds)
        assert ours.forced.keys() == theirs.forced.keys()
        assert all(np.array_equal(ours.forced[c], theirs.forced[c]) for c in ours.forced)
    assert back.digest() == planes.digest() != JudgedPlanes({}).digest()
    (tmp_path / "judged.npz").write_bytes(b"PK")
    with pytest.raises(ReadError, match="train a new run"):
        JudgedPlanes.load(tmp_path)
    assert JudgedPlanes.load(tmp_path / "none") is None


def test_it_learns_from_judgements_and_resumes_exactly_whatever_is_judged_meanwhile(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        judge_everything(project)
        config = replace(CONFIG, start_from="fbr")
        events = list(train.run(project, config, "whole"))
        assert any(isinstance(e, Notice) and "as they were judged" in e.message for e in events)
        assert any("judged" in found for found in losses(events))
        run_until(train.run(project, config, "parts"), lambda event: isinstance(event, StepDone) and event.step == 2)
        for judgement in project.judgements.all():
            withdraw(project, judgement.id)
        list(train.run(project, config, "parts", resume=True))
        (project.runs.folder("parts") / "judged.npz").unlink()
        project.runs.update(project.runs.get("parts").id, status="stopped")
        with pytest.raises(ProjectError, match=r"judged\.npz"):
            list(train.run(project, config, "parts", resume=True))
    assert_same(trained, "whole", "parts")


def test_without_judgements_or_ignoring_them_the_weights_are_the_same(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        events = list(train.run(project, CONFIG, "before"))
        assert not any("judged" in found for found in losses(events))
        judge_everything(project)
        list(train.run(project, replace(CONFIG, ignore_judgements=True), "ignoring"))
        list(train.run(project, CONFIG, "judged"))
        assert not (project.runs.folder("ignoring") / "judged.npz").exists()
    assert_same(trained, "before", "ignoring")
    ours, theirs = tensors_of(trained, "before"), tensors_of(trained, "judged")
    assert not torch.equal(ours["network.head.weight"], theirs["network.head.weight"])


def test_a_training_starts_from_the_weights_of_a_run(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        config = replace(CONFIG, start_from="fbr", epochs=1, lr_encoder=1e-8, lr_head=1e-8, weight_decay=0)
        events = list(train.run(project, config, "again"))
        list(train.run(project, replace(config, method="cam"), "plain"))
    started, again = tensors_of(trained, "fbr"), tensors_of(trained, "again")
    weights = [
        name for name, value in started.items() if name.startswith(("network.", "fbr.")) and "running" not in name
    ]
    for name in weights:
        if started[name].is_floating_point():
            assert torch.allclose(started[name], again[name], atol=1e-5), name
            if name.startswith("network."):
                assert torch.allclose(started[name], tensors_of(trained, "plain")[name], atol=1e-5), name
    # The warm-up is for CAMs that mean nothing yet.
    assert "untagged" in losses(events)[0]


def test_training_again_learns_the_seeds_of_all_images_judged_or_not(trained: Workplace) -> None:
    start = replace(CONFIG, start_from="fbr")
    with trained.open(write=True) as project:
        activate(project)
        unjudged, _, data = made(project, start)
        judge_everything(project)
        ignoring, _, _ = made(project, replace(start, ignore_judgements=True))
        judged, _, _ = made(project, start)
        project.maps.forget(project.runs.get("fbr").id, "cams")
        nothing, said, _ = made(project, replace(start, ignore_judgements=True))
    assert unjudged is not None
    assert ignoring is not None
    assert judged is not None
    assert nothing is None
    assert any(isinstance(e, Notice) and "none of its seeds" in e.message for e in said)
    assert unjudged.digest() == ignoring.digest() != judged.digest()
    tagged = [i for i, tags in zip(data.ids.tolist(), data.tags, strict=True) if (tags == 1).any()]
    assert [i for i in data.ids.tolist() if unjudged.find(i) is not None] == tagged
    assert all(unjudged.find(i).forced == {} for i in tagged)  # type: ignore[union-attr]
    assert any(judged.find(i).forced for i in tagged)  # type: ignore[union-attr]


def test_a_run_that_does_not_fit_is_refused_with_a_remedy(trained: Workplace) -> None:
    def problem(project: Project, config: TrainConfig) -> str:
        with pytest.raises((ConfigError, ProjectError)) as found:
            list(train.run(project, config, "next"))
        assert project.runs.find("next") is None
        return str(found.value)

    with trained.open(write=True) as project:
        start = replace(CONFIG, start_from="fbr")
        assert "has no run 'gone'" in problem(project, replace(CONFIG, start_from="gone"))
        assert "--backbone tiny" in problem(project, replace(start, backbone="resnet18"))
        project.runs.create("empty", "cam", {})
        assert "has no checkpoint" in problem(project, replace(CONFIG, start_from="empty"))
        names = [c.name for c in project.classes.learnt()]
        project.classes.set_learnt(names[:-1])
        assert f"are {', '.join(names[:-1])}:" in problem(project, start)


def test_the_judged_run_is_the_one_started_from_else_the_newest_with_concepts(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        assert judged_run(project, CONFIG) is None
        judge_everything(project)
        project.runs.create("later", "cam", {})
        for config in (CONFIG, replace(CONFIG, start_from="fbr"), replace(CONFIG, start_from="later")):
            info = judged_run(project, config)
            assert info is not None
            assert info.name == "fbr"


def test_judgements_about_no_run_are_said_to_teach_nothing(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        judge_everything(project)
        (project.runs.folder("fbr") / "concepts" / "concepts.npz").unlink()
        planes, events, _ = made(project, CONFIG)
        assert planes is None
        assert any(isinstance(e, Notice) and "nothing is learnt" in e.message for e in events)


def test_a_photo_or_cam_that_cannot_be_read_is_left_out(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        judge_everything(project)
        planes, _, data = made(project, CONFIG)
        assert planes is not None
        known = [i for i in data.ids.tolist() if planes.find(i) is not None]
        first, second = (project.images.by_ids([i])[0] for i in known[:2])
        project.image_path(first.path).write_bytes(b"no photo")
        found = project.maps.get(project.runs.get("fbr").id, second.id, "cams")
        assert found is not None
        project.path_of(found.location).write_bytes(b"no arrays")
        fewer, _, _ = made(project, CONFIG)
        assert fewer is not None
        assert [i for i in known if fewer.find(i) is None] == known[:2]


def test_a_seed_is_unsure_around_the_threshold() -> None:
    background = np.full((1, 5), 0.4, dtype=np.float32)
    scores = np.array([[[0.1, 0.38, 0.42, 0.9, 0.5]], [[0.0, 0.0, 0.0, 0.1, 0.8]]], dtype=np.float32)
    seed = seed_of(background, scores, np.array([3, 7], dtype=np.uint8))
    assert seed.tolist() == [[0, UNSURE, UNSURE, 3, 7]]


def test_pixels_are_forced_where_most_of_their_likeness_was_judged() -> None:
    eye = np.eye(3, dtype=np.float32)
    cast = Cast(eye, 2, np.array([-1, 0, 1], dtype=np.int8), np.array([False, False, True]))
    pixels = np.concatenate([eye, eye])
    active = np.array([[True, True, True], [False, False, False]])
    # What was put back counts where the CAM is not active, too.
    assert forced_pixels(pixels, cast, active).tolist() == [[-1, 0, 1], [0, 0, 1]]
    own = Cast(eye, 3, np.array([-1, 0, 1], dtype=np.int8), np.zeros(3, dtype=np.bool_))
    assert forced_pixels(pixels, own, active).tolist() == [[-1, 0, 1], [0, 0, 0]]


def test_the_command_takes_both_options(engine: Engine, trained: Workplace) -> None:
    options = ("--backbone", "tiny", "--weights", "none", "--crop", "33", "--batch", "3", "--device", "cpu")
    place = (trained.project, *options, "--epochs", "1")
    outcome = engine("train", *place, "--run", "again", "--start-from", "fbr", "--ignore-judgements")
    assert outcome.status == 0
    with trained.open() as project:
        config = project.runs.get("again").config
        assert (config["start_from"], config["ignore_judgements"]) == ("fbr", True)
