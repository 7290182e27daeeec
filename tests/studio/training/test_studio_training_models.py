"""What the Training room knows without widgets: remedies, recipes, facts of runs, live figures, previews."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_stages import training_events
from workplace import Workplace

from fbr_engine.config import TrainConfig
from fbr_engine.errors import (
    DeviceError,
    FbrError,
    NonFiniteLossError,
    ProjectError,
    ReadError,
    WeightsError,
    WriteError,
)
from fbr_engine.events import ImageSkipped, Notice, Started
from fbr_engine.project import RunInfo
from fbr_engine.stages.estimates import Estimate
from fbr_studio.jobs.follow_up import maps_job, masks_job, training_job
from fbr_studio.rooms.training import run_facts
from fbr_studio.rooms.training.form_panel import estimate_words, look_ahead, rough_duration
from fbr_studio.rooms.training.live_training import LiveTraining, device_words, total_loss
from fbr_studio.rooms.training.preview_pictures import PreviewReader, overlaid, shrunk
from fbr_studio.rooms.training.recipes import DRAWN_SCENES, first_config, obstacle
from fbr_studio.rooms.training.remedies import RULES, remedies_for


def run_info(**changes: object) -> RunInfo:
    config = TrainConfig(backbone="tiny", weights="none", batch=4, lr_head=0.002).to_json()
    figures = {"steps": 6, "epochs": 4, "images": 10, "class_ids": [1, 2]}
    info = RunInfo(1, "fbr", "cam+fbr", "stopped", "2026-11-22T10:00:00.000+00:00", None, config, figures)
    return replace(info, **changes)  # type: ignore[arg-type]


# --- remedies


@pytest.mark.parametrize(
    ("error", "captions"),
    [
        (
            DeviceError("the GPU ran out of memory: use a smaller --batch"),
            ["Start with batch 8", "Start with crop 97 px"],
        ),
        (
            DeviceError("the GPU ran out of memory: the largest batch that fits is 11: use --batch 11", 11),
            ["Start with batch 11", "Start with crop 97 px"],
        ),
        (DeviceError("the GPU ran out of memory: not even one image fits", 0), ["Start with crop 97 px"]),
        (DeviceError("no CUDA device was found: use --device cpu"), ["Start on the CPU"]),
        (
            WeightsError("no ImageNet weights"),
            ["Start with the small network", "Choose a weights file"],
        ),
        (NonFiniteLossError("the loss nroi is no longer a finite number"), ["Start with half the learning rates"]),
        (ProjectError("p: no image of this project has tags; tag some images first"), ["Go to Images"]),
        (WriteError("no space left on the disk"), ["See what the runs take"]),
        (ReadError("a.png: broken"), []),
    ],
)
def test_each_error_has_its_remedies(error: FbrError, captions: list[str]) -> None:
    assert [remedy.caption for remedy in remedies_for(error, TrainConfig())] == captions


def test_remedies_change_the_config_within_its_limits() -> None:
    config = TrainConfig(batch=3, crop=33, lr_head=1e-8)
    (smaller,) = remedies_for(DeviceError("the GPU ran out of memory"), config)
    assert replace(config, **smaller.changes).batch == 1
    (slower,) = remedies_for(NonFiniteLossError("x"), config)
    assert replace(config, **slower.changes).lr_head == 1e-8
    assert replace(config, **slower.changes).lr_encoder == 5e-5
    assert remedies_for(DeviceError("out of memory"), replace(config, batch=1)) == []


def test_the_small_network_is_not_offered_to_itself() -> None:
    config = TrainConfig(backbone="tiny", weights="drawn")
    assert [r.caption for r in remedies_for(WeightsError("x"), config)] == ["Choose a weights file"]


def test_other_stages_are_not_started_anew() -> None:
    assert remedies_for(DeviceError("out of memory"), None) == []
    assert [r.goal for r in remedies_for(ProjectError("tag some images first"), None)] == ["images"]


def test_the_table_is_a_table() -> None:
    assert all(issubclass(rule.error, FbrError) for rule in RULES)


def test_the_small_network_comes_with_what_suits_it() -> None:
    config = TrainConfig(crop=321)
    start = remedies_for(WeightsError("x"), config)[0]
    changed = replace(config, **start.changes)
    assert (changed.backbone, changed.weights, changed.epochs, changed.crop) == ("tiny", "drawn", 12, 225)
    assert changed.lr_head > config.lr_head
    assert remedies_for(WeightsError("x"), TrainConfig(crop=129))[0].changes["crop"] == 129


# --- recipes and outlook


def test_a_split_is_suggested_only_if_it_holds_most_tagged_images(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        classes = [info.id for info in project.classes.all()]
        train = [image.id for image in project.images.iter() if image.split == "train"]
        project.tags.set_many([(image, c, None) for image in train[1:] for c in classes])
        assert first_config(project).split == ""
        found = look_ahead(project, TrainConfig(split="train", backbone="tiny", crop=33))
        assert found.left_out == f"1 of {found.tagged_in_all} tagged images is in the split train."
        assert look_ahead(project, TrainConfig(backbone="tiny", crop=33)).left_out == ""


def test_small_drawn_scenes_train_as_the_demo_does(drawn: Workplace) -> None:
    with drawn.open() as project:
        config = first_config(project)
    assert replace(config, split="") == DRAWN_SCENES
    assert config.split == "train"


def test_what_keeps_a_training_from_starting(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        assert obstacle(project, "") == ""
        images = [image.id for image in project.images.iter()]
        classes = [info.id for info in project.classes.all()]
        project.tags.set_many([(image, c, 0) for image in images for c in classes])
        assert "No tagged image shows any" in obstacle(project, "")
        project.tags.set_many([(image, c, None) for image in images for c in classes])
        assert "No image has tags yet" in obstacle(project, "")
        assert "No image of the split train has tags" in obstacle(project, "train")
        assert look_ahead(project, TrainConfig()).estimate is None


def test_what_the_form_names_must_be_there(drawn: Workplace) -> None:
    with drawn.open() as project:
        found = look_ahead(project, TrainConfig(method="amn"))
        assert found.field == "seeds_from"
        assert not found.lacks_tags
        assert "Amn learns from the masks of an earlier run" in found.obstacle
        assert found.estimate is None
        found = look_ahead(project, TrainConfig(saliency=str(drawn.root / "none")))
        assert (found.field, found.lacks_tags) == ("saliency", False)
        assert look_ahead(project, TrainConfig(saliency=str(drawn.root))).obstacle == ""


def test_a_finished_run_with_masks_can_be_learnt_from(trained: Workplace) -> None:
    with trained.open() as project:
        assert look_ahead(project, TrainConfig(method="amn+fbr")).obstacle == ""
        assert look_ahead(project, TrainConfig(method="amn", seeds_from="fbr")).obstacle == ""
        assert "has no run" in look_ahead(project, TrainConfig(method="amn", seeds_from="gone")).obstacle


def test_the_estimate_in_words(drawn: Workplace) -> None:
    assert estimate_words(Estimate(943, 236, 352.0, 45_000_000)) == "About 6 min, 45 MB. 943 images, 236 steps."
    assert "(a guess)" in estimate_words(Estimate(1, 1, None, 1000, guessed=True))
    assert [rough_duration(s) for s in (2, 48, 100, 4000, 90_000)] == ["5 s", "50 s", "2 min", "1.1 h", "25 h"]
    with drawn.open() as project:
        found = look_ahead(project, TrainConfig(backbone="tiny", crop=33, epochs=2, batch=3)).estimate
    assert found is not None
    assert found.steps == 2 * -(-found.images // 3)


# --- live training


def test_figures_follow_the_events() -> None:
    live = LiveTraining(TrainConfig(epochs=2), images=6)
    assert live.figures() == []
    live.device = "cpu"
    for event in training_events("fbr", epochs=2, steps=3):
        live.follow(event)
    assert live.run == "fbr"
    assert len(live.curves.terms["classification"]) == 6
    assert live.curves.epochs == [3, 6]
    assert live.total_loss == pytest.approx(1 / 7 + 0.01 * 4)
    assert live.figures(2.0, 70) == [
        "epoch 2 of 2",
        "4.0 images/s",
        "1:10 left",
        "CPU",
        "loss 0.183",
        "learning rate 0.001",
    ]


def test_a_resumed_training_forgets_what_is_done_again() -> None:
    live = LiveTraining(TrainConfig())
    for event in training_events("fbr", epochs=1, steps=5):
        live.follow(event)
    live.follow(Started("train", 20, "steps", "fbr", skipped=2))
    assert live.curves.terms["classification"].x.tolist() == [1, 2]


def test_notices_and_skipped_images_are_gathered() -> None:
    live = LiveTraining(TrainConfig())
    live.follow(Notice("class cat has 1 tagged image", "tag more images"))
    live.follow(ImageSkipped("a.png", "broken"))
    assert live.notices == ["Class cat has 1 tagged image: tag more images.", "a.png: broken"]


def test_an_unknown_loss_counts_once() -> None:
    assert total_loss({"tomorrow": 2.0, "untagged": 1.0}, TrainConfig()) == pytest.approx(2.3)
    assert [device_words(d) for d in ("cpu", "cuda:0", "")] == ["CPU", "GPU", ""]


# --- facts of runs


def test_facts_of_a_run_carry_their_units() -> None:
    info = run_info(figures=run_info().figures | {"threshold": 0.4512, "miou": 0.613})
    assert dict(run_facts.figures(info)) == {
        "Epochs": "2 of 4",
        "Images": "10",
        "Classes": "2",
        "mIoU": "61.3 %",
        "Threshold": "0.45",
    }
    assert run_facts.summary(run_info(status="done")) == "cam+fbr, tiny, 4 epochs"
    assert run_facts.steps_per_epoch(info) == 3


def test_differences_to_the_defaults_and_between_two() -> None:
    rows = run_facts.differences(run_info().config)
    assert ("Backbone", "tiny", "mobilenet_v2") in rows
    assert ("Learning rate head", "0.002", "0.001") in rows
    assert run_facts.differences(run_info().config, run_info().config) == []
    other = run_info(name="cam", figures={"epochs": 4, "images": 12})
    assert ("Images", "10", "12") in run_facts.compare(run_info(), other)


def test_fields_that_change_nothing_are_no_difference() -> None:
    cam = TrainConfig(method="cam").to_json()
    assert run_facts.differences(cam) == [("Method", "cam", "cam+fbr")]
    assert run_facts.differences(cam | {"bank": 100}) == [("Method", "cam", "cam+fbr")]
    assert run_facts.differences(cam | {"bank": 100}, cam) == []
    rows = run_facts.differences(cam, TrainConfig(bank=100).to_json())
    assert rows == [("Method", "cam", "cam+fbr"), ("Bank", "-", "100")]


def test_what_auto_came_to_is_a_figure_and_no_difference_from_the_defaults() -> None:
    config = TrainConfig(method="cam").to_json()
    fp32, bf16 = config | {"precision": "fp32"}, config | {"precision": "bf16"}
    assert run_facts.differences(fp32) == [("Method", "cam", "cam+fbr")]
    assert run_facts.differences(fp32, bf16) == [("Precision", "fp32", "bf16")]
    assert dict(run_facts.figures(run_info(config=bf16)))["Precision"] == "bf16"


def test_losses_of_hosts_are_compared_in_words() -> None:
    info = run_info(figures={"losses": {"cross_cam": 0.5, "nroi": 1.25}})
    assert run_facts.compare(info, run_info(figures={})) == [
        ("Loss cross CAM", "0.5", "-"),
        ("Loss NROI", "1.25", "-"),
    ]


def test_a_config_of_another_version_does_not_harm() -> None:
    info = run_info(config={"method": "hostless+fbr", "tomorrow": 1})
    assert run_facts.train_config(info) == TrainConfig()
    assert run_facts.when(run_info(created="?")) == "?"


def test_measured_runs(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        (info,) = project.runs.all()
        measured = run_facts.measure_runs(project)[info.name]
        assert measured.disk > 10_000
        assert not measured.maps.stale
        assert not measured.maps.missing
        curves = run_facts.stored_curves(project, info)
        assert curves.coarse
        assert len(curves.epochs) == 2
        metrics = project.runs.folder(info.name) / "metrics.jsonl"
        metrics.write_text('{"epoch": 1\nnull\n{"epoch": 1, "losses": {"a": 1}}')
        assert run_facts.stored_curves(project, info).terms["a"].y.tolist() == [1]
        with (project.runs.folder(info.name) / "checkpoint.safetensors").open("ab") as file:
            file.write(b" ")
        assert run_facts.measure_runs(project)[info.name].maps.stale
        assert run_facts.device_of(project, info.name) == "cpu"


# --- previews


def test_pages_of_previews(trained: Workplace) -> None:
    with trained.open() as project:
        (info,) = project.runs.all()
        reader = PreviewReader(64)
        page = reader.page(project, info.name, None)
        assert page.epochs == (0, 1, 2)
        assert page.epoch == 2
        assert page.pictures
        assert all(p.rgb.dtype == np.uint8 and min(p.rgb.shape[:2]) <= 64 and p.tags for p in page.pictures)
        assert reader.page(project, info.name, 0).pictures[0].epoch == 0
        assert reader.page(project, "gone", None).epochs == ()


def test_a_photo_that_is_gone_costs_one_picture(trained: Workplace) -> None:
    with trained.open() as project:
        (info,) = project.runs.all()
        first = PreviewReader(64).page(project, info.name, None).pictures[0].image
        project.image_path(first).unlink()
        pictures = PreviewReader(64).page(project, info.name, None).pictures
    assert "missing" in pictures[0].problem
    assert not pictures[1].problem


def test_an_overlay_is_clear_where_nothing_is() -> None:
    photo = np.full((20, 30, 3), 100, np.uint8)
    cam = np.zeros((2, 5, 6), np.uint8)
    assert (overlaid(photo, cam) == photo).all()
    cam[1, 2, 3] = 255
    assert (overlaid(photo, cam) != photo).any()
    assert (overlaid(photo, cam[:0]) == photo).all()
    assert shrunk(np.zeros((400, 200, 3), np.uint8), 100).shape == (200, 100, 3)


# --- jobs


def test_jobs_of_the_room() -> None:
    plain = training_job(TrainConfig(), "a", follow=False)
    assert (plain.title, [s.stage for s in plain.steps], plain.run) == ("Training a", ["train"], "a")
    assert [s.stage for s in training_job(TrainConfig()).steps] == ["train", "cams", "masks"]
    assert [s.stage for s in maps_job("a", TrainConfig()).steps] == ["cams", "masks"]
    assert [s.stage for s in masks_job("a", 0.3).steps] == ["masks"]
