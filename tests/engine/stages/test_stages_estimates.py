from __future__ import annotations

import json
from dataclasses import replace

import pytest
from workplace import Workplace

from fbr_engine.config import BACKBONES, TrainConfig
from fbr_engine.errors import ProjectError
from fbr_engine.stages import region_limits
from fbr_engine.stages.estimates import bytes_per_image, checkpoint_bytes, estimate, guessed_speed, regions_bytes

CONFIG = TrainConfig(method="cam+fbr", backbone="tiny", weights="none", crop=33, batch=3, epochs=4, device="cpu")


def test_the_speed_is_what_the_latest_alike_run_reached(trained: Workplace) -> None:
    with trained.open() as project:
        speed = json.loads((project.runs.folder("fbr") / "metrics.jsonl").read_text().splitlines()[-1])
        found = estimate(project, CONFIG)
        assert (found.images, found.steps, found.guessed) == (10, 16, False)
        assert found.seconds == pytest.approx(40 / speed["images_per_second"])
        assert estimate(project, CONFIG, images_per_second=5).seconds == 8
        other = estimate(project, TrainConfig(crop=65, backbone="tiny"))
        assert other.guessed
        assert other.seconds is not None
        assert estimate(project, TrainConfig(**(CONFIG.to_json() | {"split": "train"}))).images == 6
        with pytest.raises(ProjectError, match="no split"):
            estimate(project, TrainConfig(split="tset"))


def test_older_and_broken_metrics_are_understood(trained: Workplace) -> None:
    with trained.open() as project:
        path = project.runs.folder("fbr") / "metrics.jsonl"
        path.write_text('{"epoch": 1, "seconds": 2.0, "losses": {}}\n')
        assert estimate(project, CONFIG).seconds == pytest.approx(8)
        for text in ("", "{broken", "[1]", '{"epoch": 1, "seconds": 0}'):
            path.write_text(text)
            assert estimate(project, CONFIG).guessed


def test_disk_is_about_what_is_written(trained: Workplace) -> None:
    folder = trained.project / "runs" / "fbr"
    checkpoint = (folder / "checkpoint.safetensors").stat().st_size
    assert 0.5 < checkpoint_bytes(CONFIG, 4, 10) / checkpoint < 2
    regions = (folder / "features" / "regions.safetensors").stat().st_size
    assert 0.5 < regions_bytes(CONFIG, 4, 10) / regions < 2
    assert regions_bytes(replace(CONFIG, method="cam"), 4, 10) == 0
    maps = sum(path.stat().st_size for name in ("cams", "features") for path in (folder / name).rglob("*.*")) - regions
    assert 0.3 < 10 * bytes_per_image(CONFIG, 4) / maps < 3


def test_regions_are_estimated_by_the_limits_they_are_mined_under(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = regions_bytes(CONFIG, 4, 10_000)
    assert usual == regions_bytes(CONFIG, 4, 100_000)
    for name in ("IMAGES", "MOST_NROIS", "MOST_FOREGROUND", "DIMS"):
        with monkeypatch.context() as patch:
            patch.setattr(region_limits, name, getattr(region_limits, name) // 4)
            assert regions_bytes(CONFIG, 4, 10_000) < usual


def test_nothing_to_train_takes_no_time(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        for image in project.images.iter():
            project.tags.set_many((image.id, c, None) for c in range(1, 5))
        found = estimate(project, CONFIG)
    assert (found.images, found.steps, found.seconds) == (0, 0, None)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_has_a_guess(backbone: str) -> None:
    small, large = TrainConfig(backbone=backbone), TrainConfig(backbone=backbone, crop=449, output_stride=8)
    assert 0 < guessed_speed(large) < guessed_speed(small)
    assert checkpoint_bytes(small, 5, 100) > 1_000_000
