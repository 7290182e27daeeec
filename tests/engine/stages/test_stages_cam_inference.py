"""CAMs of one image: what scale 1 means, what is pooled, and that what is stored is read back where it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fbr_engine.config import CamsConfig, TrainConfig
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.hosts import CamHost
from fbr_engine.networks.cam_network import build_cam_network
from fbr_engine.stages.cam_inference import NO_NROI, CamInference
from fbr_engine.stages.feature_basis import principal_basis
from fbr_engine.stages.run_network import RunNetwork
from fbr_engine.stages.stored_cams import StoredCam

CPU = torch.device("cpu")
CROP = 65  # scale 1 has its longer side at 91 px


def make(**changes: object) -> CamInference:
    torch.manual_seed(0)
    network = build_cam_network("tiny", 16, 3, frozen_batchnorm=False).eval()
    torch.nn.init.normal_(network.head.weight)
    config = TrainConfig(method="cam", backbone="tiny", weights="none", crop=CROP)
    run = RunNetwork(CamHost(network, config), None, [1, 2, 3], config)
    basis = torch.linalg.qr(torch.randn(128, 16)).Q
    return CamInference(run, CamsConfig(**changes), basis, CPU)  # type: ignore[arg-type]


def picture(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return np.kron(small, np.ones((height // 6, width // 8, 1), np.uint8))


TAGS = np.array([1, 0, -1], dtype=np.int8)


def test_a_large_photo_is_read_at_the_size_of_training() -> None:
    inference = make()
    small, large = inference(picture(60, 80), TAGS, 1), inference(picture(1200, 1600), TAGS, 1)
    assert large.cam.shape == small.cam.shape == (3, 9, 12)  # 91 x 68 px at scale 1, a value every 8
    assert large.features.shape == small.features.shape
    assert np.corrcoef(large.cam.ravel(), small.cam.ravel())[0, 1] > 0.8


def test_one_scale_without_flip_is_the_networks_own_map() -> None:
    inference = make(scales=(1.0,), flip=False)
    image = picture(60, 80)
    maps = inference(image, TAGS, 1)
    with torch.inference_mode():
        out = inference.run.network(to_batch(resize_for_network(image, 91 / 80)[None], CPU))
    expected = F.interpolate(F.relu(out.cam_logits), size=(9, 12), mode="bilinear", align_corners=True)[0]
    peak = expected.amax(dim=(1, 2))
    np.testing.assert_allclose(maps.peak, peak, rtol=1e-5)
    np.testing.assert_allclose(maps.cam * maps.peak[:, None, None] / 255, expected, atol=float(peak.max()) / 400)
    np.testing.assert_allclose(maps.logits, out.class_logits[0], rtol=1e-4, atol=1e-5)


def test_logits_are_the_mean_over_scales_and_both_views() -> None:
    inference = make(scales=(1.0, 0.75))
    image = picture(60, 80)
    with torch.inference_mode():
        expected = torch.zeros(3)
        for scale in (1.0, 0.75):
            batch = to_batch(resize_for_network(image, scale * 91 / 80)[None], CPU)
            for view in (batch, batch.flip(3)):
                expected += inference.run.network(view).class_logits[0] / 4
    np.testing.assert_allclose(inference(image, TAGS, 1).logits, expected, rtol=1e-3, atol=1e-4)


def test_a_mirrored_image_has_the_mirrored_cam() -> None:
    image = picture(60, 80)

    def difference(inference: CamInference) -> float:
        maps, mirrored = inference(image, TAGS, 1), inference(np.ascontiguousarray(image[:, ::-1]), TAGS, 1)
        return float(np.abs(maps.cam.astype(int) - mirrored.cam[:, :, ::-1].astype(int)).mean())

    # Resizing 8-bit pixels rounds a little differently from the left than from the right.
    assert difference(make()) < 1 < difference(make(flip=False))


def test_nrois_cover_the_background_and_nothing_without_known_tags() -> None:
    inference = make(nrois=4)
    maps = inference(picture(60, 80), TAGS, 1)
    inside = maps.nroi_labels != NO_NROI
    assert len(maps.nroi_sizes) == len(maps.nroi_centroids) <= 4
    assert np.bincount(maps.nroi_labels[inside], minlength=len(maps.nroi_sizes)).tolist() == maps.nroi_sizes.tolist()
    for index, centroid in enumerate(maps.nroi_centroids):
        members = maps.features[maps.nroi_labels == index].astype(np.float32)
        np.testing.assert_allclose(centroid, members.mean(axis=0), rtol=2e-2, atol=2e-2)
    unknown = inference(picture(60, 80), np.array([-1, -1, -1], dtype=np.int8), 1)
    assert (unknown.nroi_labels == NO_NROI).all()
    assert len(unknown.nroi_sizes) == 0


def test_the_basis_keeps_cosine_similarities() -> None:
    network = build_cam_network("tiny", 16, 3, frozen_batchnorm=False).eval()
    images = [picture(60, 80), picture(120, 80)]
    basis = principal_basis(network, images, 91, CPU)
    assert basis.shape == (128, 128)
    np.testing.assert_allclose(basis.T @ basis, np.eye(128), atol=1e-4)
    with torch.inference_mode():
        features = network(to_batch(resize_for_network(images[0], 1.0)[None], CPU)).features[0].flatten(1).T
    full = F.cosine_similarity(features[:1], features)
    kept = F.cosine_similarity(features[:1] @ basis, features @ basis)
    torch.testing.assert_close(kept, full, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("grid", "size"), [((6, 9), (41, 65)), ((1, 5), (7, 33)), ((4, 4), (4, 4)), ((3, 3), (1, 1))])
def test_what_is_stored_is_read_back_where_it_was(grid: tuple[int, int], size: tuple[int, int]) -> None:
    """A ramp from corner to corner stays one: content must not move towards the middle."""
    rows, columns = (np.linspace(0, 1, n) if n > 1 else np.zeros(1) for n in grid)
    ramp = (rows[:, None] + columns[None]) / 2
    stored = StoredCam(np.rint(ramp[None] * 255).astype(np.uint8), np.array([1], np.int32), size)
    y, x = (np.linspace(0, 1, n) if n > 1 and g > 1 else np.zeros(n) for n, g in zip(size, grid, strict=True))
    np.testing.assert_allclose(stored.scores()[0], (y[:, None] + x[None]) / 2, atol=0.5 / 255 + 1e-6)


def test_no_tagged_class_gives_no_scores() -> None:
    stored = StoredCam(np.zeros((0, 4, 5), np.uint8), np.zeros(0, np.int32), (30, 40))
    assert stored.scores().shape == (0, 30, 40)
