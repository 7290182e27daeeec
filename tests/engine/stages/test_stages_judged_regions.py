"""Regions that a run's CAMs are verified against follow what was judged before it was trained."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor
from workplace import Workplace

from fbr_engine.config import CamsConfig, TrainConfig
from fbr_engine.data.judged_plane import UNSURE, JudgedPlane
from fbr_engine.errors import ReadError
from fbr_engine.networks.cam_network import normalised_cam
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.stages import infer_cams
from fbr_engine.stages.judged_planes import JudgedPlanes
from fbr_engine.stages.regions import FILE, _Found, _Miner, _View, forced_at

SIDE = 6
TAGS = torch.tensor([1, 0], dtype=torch.int8)


def mined(forced: Tensor | None) -> _Found:
    """Return the regions of one image: the left third has a high CAM, the middle none, the right a high one."""
    kind = torch.arange(SIDE).repeat(SIDE, 1) // 2
    points = torch.nn.functional.one_hot(kind.flatten(), 3).float()[None]
    logits = torch.zeros(1, 2, SIDE, SIDE)
    logits[0, 0] = torch.where(kind == 1, 0.0, 1.0)
    if forced is not None:
        logits = logits * (forced >= 0)
    run = cast(Any, SimpleNamespace(config=TrainConfig(crop=33, nrois=2)))
    miner = _Miner(cast(Any, None), run, cast(Any, None), torch.device("cpu"))
    found = _Found()
    cam = normalised_cam(logits, TAGS[None])
    view = _View(1, TAGS, torch.zeros(1, 3, SIDE, SIDE), cam, None if forced is None else forced.flatten(1))
    miner._add(found, view, points)
    return found


def kinds(parts: list[Tensor]) -> set[int]:
    return set(torch.cat(parts).argmax(dim=1).tolist()) if parts else set()


def test_forced_background_leaves_the_foreground_and_is_a_sure_negative() -> None:
    plain = mined(None)
    assert kinds(plain.foreground) == {0, 2}
    assert kinds(plain.nrois) == {1}
    forced = torch.zeros(2, SIDE, SIDE, dtype=torch.int8)
    forced[0, :, 4:] = -1
    judged = mined(forced)
    assert kinds(judged.foreground) == {0}
    assert kinds(judged.nrois) == {1, 2}
    tags = dict(zip(torch.cat(judged.nrois).argmax(dim=1).tolist(), torch.cat(judged.nroi_tags).tolist(), strict=True))
    assert tags == {1: [1, 0], 2: [0, 0]}


def test_forced_objects_leave_the_nrois_and_join_the_foreground() -> None:
    forced = torch.zeros(2, SIDE, SIDE, dtype=torch.int8)
    forced[0, :, 2:4] = 1
    judged = mined(forced)
    assert judged.nrois == []
    assert 1 in {i for row in torch.cat(judged.foreground) for i in row.nonzero()[:, 0].tolist()}
    assert (torch.cat(judged.foreground_class)[:, 0] == 1).all()


def test_nothing_forced_changes_nothing() -> None:
    plain, judged = mined(None), mined(torch.zeros(2, SIDE, SIDE, dtype=torch.int8))
    for name in ("foreground", "foreground_class", "nrois", "nroi_tags"):
        assert torch.equal(torch.cat(getattr(plain, name)), torch.cat(getattr(judged, name)))


def test_forced_pixels_lie_on_the_lattice_of_the_features() -> None:
    plane = np.zeros((5, 9), dtype=np.int8)
    plane[0, 0], plane[4, 8] = 1, -1
    found = forced_at(JudgedPlane(np.zeros((2, 2), np.uint8), {1: plane}), torch.zeros(2, 3, 3))
    assert found[1].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, -1]]
    assert not found[0].any()


def test_a_run_is_mined_with_what_it_learnt_from_judgements(trained: Workplace) -> None:
    config = CamsConfig(scales=(1.0,), device="cpu", features=False)
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        folder = project.runs.folder("fbr")
        everything = np.ones((6, 6), dtype=np.int8)
        seeds = np.full((6, 6), UNSURE, dtype=np.uint8)
        planes = {i: JudgedPlane(seeds, {0: everything}) for i, _ in project.maps.made(info.id, "cams")}
        JudgedPlanes(planes).save(folder)
        (folder / FILE).unlink(missing_ok=True)
        project.maps.forget(info.id, "cams")
        list(infer_cams.run(project, replace(config, verify=True), "fbr"))
        tensors, _ = load_checkpoint(folder / FILE)
        # Every pixel of an image of class 0 is judged to be part of it, so there are regions of it.
        assert tensors["foreground_class"][:, 0].any()
        (folder / "judged.npz").write_bytes(b"broken")
        (folder / FILE).unlink()
        project.maps.forget(info.id, "cams")
        with pytest.raises(ReadError, match=r"judged\.npz"):
            list(infer_cams.run(project, replace(config, verify=True), "fbr"))
        assert not (folder / FILE).exists()
