"""Saliency maps: which belongs to which image, what can be used, and training with some, none and broken ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from workplace import CAMS, TRAIN, Engine, Workplace, run_until

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError, ReadError
from fbr_engine.events import StepDone
from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.stages import train
from fbr_engine.stages.saliency_maps import SaliencyMaps, read_saliency

CONFIG = TrainConfig(
    method="cam+fbr", backbone="tiny", weights="none", crop=33, batch=3, epochs=2, device="cpu", warmup=0.2, previews=1
)


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def save_grey(path: Path, values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, dtype=np.uint8)).save(path)
    return path


def write_maps(place: Workplace, names: list[str] | None = None) -> Path:
    """Make maps of the true foreground."""
    folder = place.root / "maps"
    folder.mkdir()
    for path in sorted(place.truth.glob("*.png")):
        if names is None or path.name in names:
            cv2.imwrite(str(folder / path.name), (load_indexed_png(path) > 0).astype(np.uint8) * 255)
    return folder


def test_a_map_is_named_and_laid_out_like_its_image(tmp_path: Path) -> None:
    by_stem = touch(tmp_path / "a" / "one.png")
    in_full = touch(tmp_path / "a" / "two.jpg.png")
    jpeg = touch(tmp_path / "three.JPG")
    long_jpeg = touch(tmp_path / "four.tif.jpeg")
    touch(tmp_path / "notes.txt")
    maps = SaliencyMaps(tmp_path)
    assert maps.find("a/one.jpg") == by_stem
    assert maps.find("a/two.jpg") == in_full
    assert maps.find("three.png") == jpeg
    assert maps.find("four.tif") == long_jpeg
    assert [maps.find(name) for name in ("one.jpg", "b/one.jpg", "notes.jpg", "a/two.png")] == [None] * 4


def test_the_map_with_the_whole_name_comes_first_and_png_before_jpeg(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    stem = touch(tmp_path / "a.png")
    whole = touch(tmp_path / "a.bmp.png")
    maps = SaliencyMaps(tmp_path)
    assert maps.find("a.bmp") == whole
    assert maps.find("a.tif") == stem


def test_names_that_are_no_text_are_found(tmp_path: Path) -> None:
    name = b"caf\xe9%41.png".decode("utf-8", "surrogateescape")
    try:
        path = touch(tmp_path / name)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert SaliencyMaps(tmp_path).find("caf%E9%41.jpg") == path


def test_a_folder_that_cannot_be_meant_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such folder: give the one with the maps"):
        SaliencyMaps(tmp_path / "gone")
    touch(tmp_path / "other.png")
    with pytest.raises(ConfigError, match=r"holds no map of any image \(there is no .*b.one\.png, for one\): lay the"):
        SaliencyMaps(tmp_path).matching(["b/one.jpg", "two.jpg"])
    with pytest.raises(ConfigError, match=r"none of its first maps can be used: .*other\.png"):
        SaliencyMaps(tmp_path).matching(["one.jpg", "other.jpg"])
    save_grey(tmp_path / "one.png", np.eye(4) * 255)
    assert SaliencyMaps(tmp_path).matching(["one.jpg", "other.jpg", "two.jpg"]) == ["one.jpg", "other.jpg"]


def test_grey_of_any_kind_is_read(tmp_path: Path) -> None:
    values = np.array([[0, 255, 128], [7, 9, 255]], dtype=np.uint8)
    assert np.array_equal(read_saliency(save_grey(tmp_path / "grey.png", values), (20, 30)), values)
    Image.fromarray(np.repeat(values[..., None], 3, axis=2)).save(tmp_path / "rgb.png")
    assert np.array_equal(read_saliency(tmp_path / "rgb.png"), values)
    Image.fromarray(values > 100).save(tmp_path / "bits.png")
    assert np.array_equal(read_saliency(tmp_path / "bits.png"), (values > 100) * 255)
    smooth = np.full((16, 16, 3), 200, dtype=np.uint8)
    Image.fromarray(smooth).save(tmp_path / "rgb.jpg")
    assert np.abs(read_saliency(tmp_path / "rgb.jpg").astype(int) - 200).max() <= 2


def test_what_is_no_map_is_named_with_the_remedy(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), (200, 30, 30)).save(tmp_path / "red.png")
    with pytest.raises(ReadError, match=r"red\.png: is coloured, and a saliency map is grey; convert it"):
        read_saliency(tmp_path / "red.png")
    with pytest.raises(ReadError, match=r"ones\.png: holds only 0 and 1.* save it with 255"):
        read_saliency(save_grey(tmp_path / "ones.png", np.eye(4)))
    turned = save_grey(tmp_path / "turned.png", np.zeros((40, 30)))
    with pytest.raises(ReadError, match="is 30 x 40 px and its image 400 x 300, another shape"):
        read_saliency(turned, (300, 400))
    assert read_saliency(turned, (799, 601)).shape == (40, 30)
    (tmp_path / "cut.png").write_bytes(turned.read_bytes()[:30])
    with pytest.raises(ReadError, match=r"cut\.png"):
        read_saliency(tmp_path / "cut.png")


def test_some_maps_teach_and_broken_ones_are_named_once(drawn: Workplace) -> None:
    folder = write_maps(drawn, ["train_0001.png", "train_0003.png", "train_0004.png", "val_0001.png"])
    (folder / "train_0003.png").write_bytes(b"no image")
    with drawn.open(write=True) as project:
        events = list(train.run(project, replace(CONFIG, saliency=str(folder)), "a"))
        stored = TrainConfig.from_json(project.runs.get("a").config)
    said = [event.message for event in events if event.name == "notice"]  # type: ignore[attr-defined]
    assert any("4 of 10 images have a saliency map" in text for text in said)
    assert [text for text in said if "train_0003.png" in text] == [t for t in said if "without this saliency map" in t]
    assert len([text for text in said if "train_0003.png" in text]) == 1
    steps = [event.losses for event in events if isinstance(event, StepDone)]
    assert {"saliency" in losses for losses in steps} == {True, False}, "a batch without a map trains without it"
    assert stored.saliency == str(folder)


def test_a_run_with_saliency_resumes_exactly_and_its_cams_know_the_background(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_maps(drawn)
    monkeypatch.chdir(drawn.root)
    config = replace(CONFIG, saliency="maps")
    with drawn.open(write=True) as project:
        list(train.run(project, config, "whole"))
        run_until(train.run(project, config, "parts"), lambda event: isinstance(event, StepDone))
        monkeypatch.chdir(drawn.root.parent)
        list(train.run(project, config, "parts", resume=True))
    tensors, facts = load_checkpoint(drawn.project / "runs" / "whole" / "checkpoint.safetensors")
    others, other_facts = load_checkpoint(drawn.project / "runs" / "parts" / "checkpoint.safetensors")
    assert facts == other_facts
    assert tensors.keys() == others.keys()
    assert all(torch.equal(tensors[name], others[name]) for name in tensors)
    assert facts["config"]["saliency"] == str(folder)
    assert tensors["background.conv.weight"].abs().sum() > 0
    assert engine("cams", drawn.project, *CAMS).result["images"] == 10
    broken = drawn.project / "runs" / "parts" / "checkpoint.safetensors"
    assert broken.is_file()


def test_without_saliency_nothing_changes(drawn: Workplace) -> None:
    folder = write_maps(drawn)
    with drawn.open(write=True) as project:
        config = replace(CONFIG, method="cam", epochs=1)
        list(train.run(project, config, "plain"))
        list(train.run(project, replace(config, saliency=str(folder)), "more"))
    plain, _ = load_checkpoint(drawn.project / "runs" / "plain" / "checkpoint.safetensors")
    more, _ = load_checkpoint(drawn.project / "runs" / "more" / "checkpoint.safetensors")
    assert not any(name.startswith("background.") for name in plain)
    assert not torch.equal(plain["network.head.weight"], more["network.head.weight"])


def test_the_command_refuses_a_folder_without_maps(engine: Engine, drawn: Workplace) -> None:
    error = engine("train", drawn.project, *TRAIN, "--saliency", drawn.root / "scenes" / "truth").error
    assert "it holds no map of any image" in error
    assert "train_0001.png" in error
    error = engine("train", drawn.project, *TRAIN, "--saliency", f"{drawn.root}/no\udcfftext").error
    assert "is no text: rename the folder" in error
    error = engine("train", drawn.project, *TRAIN, "--saliency", drawn.root / "none").error
    assert "there is no such folder" in error
    error = engine("train", drawn.project, *TRAIN, "--saliency", drawn.images).error
    assert "is coloured, and a saliency map is grey" in error
    with drawn.open() as project:
        assert project.runs.all() == []
