"""CAMs are read with today's tags and classes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from workplace import Engine, Workplace

from fbr_engine.errors import ReadError
from fbr_engine.formats.indexed_png import save_indexed_png
from fbr_engine.project import load_arrays, save_arrays
from fbr_engine.stages.predicted_tags import predicted_tags
from fbr_engine.stages.run_files import run_classes
from fbr_engine.stages.shown_masks import shown_mask
from fbr_engine.stages.stored_cams import cam_record, read_maps, with_aliases

NAME = "train_0001.png"


def test_all_classes_are_read_whatever_the_tags(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info, image = project.runs.get("fbr"), project.images.get(NAME)
        project.tags.set_many((image.id, c, None) for c in range(1, 5))
        maps = read_maps(project, info, image)
        assert maps is not None
        assert cam_record(project, info, image) is None
        arrays = load_arrays(project.map_path("fbr", NAME, "cams", "npz"))
        assert maps.class_ids.tolist() == [1, 2, 3, 4]
        for name in ("cam", "peak", "logits", "nroi_labels", "nroi_sizes"):
            assert np.array_equal(getattr(maps, name), arrays[name])
        assert maps.size == (96, 96)
        assert maps.scores((20, 30)).shape == (4, 20, 30)
        project.images.add(["new.png"])
        assert read_maps(project, info, project.images.get("new.png")) is None


def test_predicted_tags_are_the_sigmoid_of_the_logits(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info, image = project.runs.get("fbr"), project.images.get(NAME)
        logits = load_arrays(project.map_path("fbr", NAME, "cams", "npz"))["logits"]
        wanted = {i: 1 / (1 + math.exp(-float(v))) for i, v in enumerate(logits, 1)}
        assert predicted_tags(project, info, image) == pytest.approx(wanted)
        project.images.add(["new.png"])
        assert predicted_tags(project, info, project.images.get("new.png")) == {}
        project.map_path("fbr", NAME, "cams", "npz").write_bytes(b"no arrays")
        with pytest.raises(ReadError, match="delete it and run again"):
            predicted_tags(project, info, image)
        with pytest.raises(ReadError):
            read_maps(project, info, image)


def test_merged_classes_share_the_larger_activation() -> None:
    arrays = {
        "cam": np.array([[[255, 0]], [[0, 255]], [[9, 9]]], np.uint8),
        "peak": np.array([4, 2, 1], np.float32),
        "logits": np.array([-1, 3, 0], np.float32),
        "class_ids": np.array([1, 2, 3], np.int32),
        "size": np.array([1, 2], np.int32),
    }
    assert with_aliases(arrays, {}) is arrays
    assert with_aliases(arrays, {8: 9}) is arrays
    merged = with_aliases(arrays, {2: 1, 3: 0})
    assert merged["class_ids"].tolist() == [1]
    assert merged["cam"].tolist() == [[[255, 128]]]
    assert (merged["peak"].tolist(), merged["logits"].tolist()) == ([4.0], [3.0])
    renumbered = with_aliases(arrays, {2: 7})
    assert renumbered["class_ids"].tolist() == [1, 7, 3]
    assert np.array_equal(renumbered["cam"], arrays["cam"])
    assert with_aliases(arrays, {1: 0, 2: 0, 3: 0})["cam"].shape == (0, 1, 2)


def test_verified_cams_that_are_merged_are_weighed_by_their_posteriors() -> None:
    arrays = {
        "cam": np.array([[[255, 0]], [[0, 255]]], np.uint8),
        "scale": np.array([0.25, 1.0], np.float32),
        "peak": np.array([9, 3], np.float32),
        "logits": np.zeros(2, np.float32),
        "class_ids": np.array([1, 2], np.int32),
    }
    merged = with_aliases(arrays, {2: 1})
    assert merged["cam"].tolist() == [[[64, 255]]]
    assert (merged["scale"].tolist(), merged["peak"].tolist()) == ([1.0], [9.0])
    # A posterior says nothing beside logits.
    half = with_aliases(arrays | {"scale": np.array([9, 1.0], np.float32)}, {2: 1})
    assert half["cam"].tolist() == [[[255, 255]]]
    plain = with_aliases(arrays | {"scale": arrays["peak"]}, {2: 1})
    assert plain["cam"].tolist() == [[[255, 85]]]


def test_files_without_a_scale_are_read_by_their_peaks(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        path = project.map_path("fbr", NAME, "cams", "npz")
        arrays = load_arrays(path)
        assert arrays["scale"].shape == arrays["peak"].shape
        image = next(i for i in project.images.iter() if i.path == NAME)
        project.tags.set_many((image.id, c, 1) for c in range(1, 5))
        project.classes.merge("boat", "sheep")
        del arrays["scale"]
        save_arrays(path, **arrays)
        maps, record = read_maps(project, info, image), cam_record(project, info, image)
        assert maps is not None
        assert record is not None
        expected = with_aliases(arrays, project.classes.aliases())["cam"]
        assert np.array_equal(maps.cam, expected)
        assert np.array_equal(record.read().cam, expected)


def test_a_run_lives_on_when_classes_are_merged_and_deleted(engine: Engine, trained: Workplace) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        image = next(i for i in project.images.iter() if project.tags.of(i.id).get(2) == 1)
        path = project.path_of(project.maps.get(info.id, image.id, "masks").location)  # type: ignore[union-attr]
        save_indexed_png(path, np.array([[0, 1, 2, 3, 4, 255]], np.uint8))
        project.classes.merge("boat", "sheep")
        project.classes.delete("train")
        assert [c.name for c in run_classes(project, info)] == ["bird", "sheep"]
        shown = shown_mask(project, info, image)
        assert shown is not None
        assert shown.read().tolist() == [[0, 1, 3, 3, 0, 255]]
        record = cam_record(project, info, image)
        assert record is not None
        assert record.read().class_ids.tolist() == [3]
        assert set(predicted_tags(project, info, image)) == {1, 3}
    assert engine("masks", trained.project, "--threshold", "0.2").status == 0
    assert engine("cams", trained.project, "--scales", "0.5", "--device", "cpu").result["computed"] == 10
    assert engine("masks", trained.project, "--threshold", "0.2").result["images"] == 10
    exported = engine("export", trained.project, "--out", trained.root / "o").result
    assert list(exported["annotations"]) == ["bird", "sheep"]
