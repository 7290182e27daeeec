from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from workplace import Workplace

from fbr_engine.config import MasksConfig
from fbr_engine.errors import ProjectError
from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.stages import make_pseudo_masks
from fbr_engine.stages.pseudo_mask import pseudo_mask
from fbr_engine.stages.refined_mask import refined_mask
from fbr_engine.stages.stored_cams import StoredCam, cam_record

ROOT = Path(__file__).parents[3]


def ramp() -> StoredCam:
    cam = np.zeros((2, 5, 9), np.uint8)
    cam[0] = np.linspace(0, 255, 9).astype(np.uint8)
    cam[1, :, 0] = 255
    return StoredCam(cam, np.array([7, 3], np.int32), (40, 80))


def test_a_higher_threshold_gives_a_smaller_mask() -> None:
    areas = []
    for threshold in (0.3, 0.6, 0.9):
        mask = pseudo_mask(ramp(), threshold)
        assert mask.shape == (40, 80)
        assert mask.dtype == np.uint8
        assert set(np.unique(mask).tolist()) == {0, 3, 7}
        assert mask[20, -1] == 7
        assert mask[20, 0] == 3
        areas.append(int((mask > 0).sum()))
    assert areas == sorted(areas, reverse=True)
    assert pseudo_mask(ramp(), 0.5, (20, 40)).shape == (20, 40)


def test_specks_are_removed_by_share_of_the_image() -> None:
    cam = np.zeros((1, 9, 9), np.uint8)
    cam[0, 4, 4] = 255
    stored = StoredCam(cam, np.array([1], np.int32), (90, 90))
    assert pseudo_mask(stored, 0.5).any()
    assert not pseudo_mask(stored, 0.5, smallest=0.1).any()
    assert not pseudo_mask(StoredCam(cam[:0], np.zeros(0, np.int32), (9, 9)), 0.5).any()


@pytest.mark.parametrize("refine", ["none", "pamr", "pamr,crf"])
def test_one_mask_is_what_the_stage_writes(trained: Workplace, refine: str) -> None:
    with trained.open(write=True) as project:
        config = MasksConfig(threshold="0.35", refine=refine, device="cpu")
        list(make_pseudo_masks.run(project, config, "fbr"))
        info = project.runs.get("fbr")
        for image, location, _ in list(project.maps.done(info.id, "masks"))[:4]:
            written = load_indexed_png(project.path_of(location))
            assert np.array_equal(refined_mask(project, info, image, 0.35, refine, device="cpu"), written)
            if refine == "none":
                record = cam_record(project, info, image)
                assert record is not None
                assert np.array_equal(pseudo_mask(record.read(), 0.35), written)


def test_an_image_without_cams_is_named(trained: Workplace) -> None:
    with trained.open(write=True) as project:
        project.images.add(["new.png"])
        with pytest.raises(ProjectError, match=r"new\.png has no CAMs or no tags in run fbr"):
            refined_mask(project, project.runs.get("fbr"), project.images.get("new.png"), 0.3, "none")


def test_the_window_needs_no_torch_for_what_it_shows() -> None:
    names = ("pseudo_mask", "shown_masks", "stored_cams", "predicted_tags", "run_files", "thresholds")
    lines = [f"import fbr_engine.stages.{name}" for name in names]
    code = "; ".join([*lines, "import sys", "assert 'torch' not in sys.modules"])
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
