"""Multi-scale and flip CAMs, features and NROIs of one image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.config import CamsConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.images import Pixels
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.losses.kmeans import batched_kmeans
from fbr_engine.losses.seeds import seed_labels
from fbr_engine.networks.cam_network import normalised_cam
from fbr_engine.networks.region_bank import RegionBank
from fbr_engine.stages.regions import mined_zoom
from fbr_engine.stages.run_network import RunNetwork

CAM_STRIDE = 8
NO_NROI = 255
# Views much smaller than those the regions come from blur together what regions tell apart.
SHARP = 0.85


@dataclass(frozen=True, slots=True)
class ImageMaps:
    """What inference says of one image of H x W px at scale 1, where its longer side is that of training.

    ``cam``: C x ceil(H/8) x ceil(W/8) uint8, every class (tagged or not) divided by its own highest value, times 255.
    Its outermost values lie on the image's outermost pixels (corner-aligned), as in networks with sides of 32k+1.
    ``scale``: C float32, the value of ``cam`` that became 255: of a verified CAM its highest posterior, else ``peak``.
    ``peak``: C float32, the highest activation, in logits: what normalising throws away.
    ``logits``: C float32, pooled over scales and flips. ``features``: h x w x D float16.
    ``nroi_labels``: h x w uint8, which NROI each background pixel belongs to, 255 for foreground.
    ``nroi_centroids``: K x E float16. ``nroi_sizes``: K int32.
    """

    cam: npt.NDArray[np.uint8]
    scale: npt.NDArray[np.float32]
    peak: npt.NDArray[np.float32]
    logits: npt.NDArray[np.float32]
    features: npt.NDArray[np.float16]
    nroi_labels: npt.NDArray[np.uint8]
    nroi_centroids: npt.NDArray[np.float16]
    nroi_sizes: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _View:
    """One scale: ``features`` B x F x h x w, the second one of the mirrored image; ``logits``: C, pooled.

    ``own``: 1 x C x h x w, upright: the network's activation, ReLU'd, in logits.
    """

    features: Tensor
    own: Tensor
    logits: Tensor


class CamInference:
    """Computes `ImageMaps` with a run's network; ``basis`` (F x D) projects the encoder's features for the store.

    With ``regions`` the CAM of the classes they know is the posterior against them, at the scales not much below that
    of the regions; else it is the network's own activation.
    """

    def __init__(
        self,
        run: RunNetwork,
        config: CamsConfig,
        basis: Tensor,
        device: torch.device,
        regions: RegionBank | None = None,
    ) -> None:
        self.run, self.config, self.basis, self.device, self.regions = run, config, basis, device, regions
        self._side = training_side(run.config.crop)
        sharp = SHARP * mined_zoom(run.config)
        self._read_out = [scale for scale in config.scales if scale >= sharp] or config.scales

    @torch.inference_mode()
    def __call__(self, image: Pixels, tags: npt.NDArray[np.int8], seed: int) -> ImageMaps:
        """Compute the maps of ``image`` (H x W x 3); ``tags``: C (1, 0, -1 unknown); ``seed`` starts k-means."""
        unit = self._side / max(image.shape[:2])
        height, width = (math.ceil(length * unit / CAM_STRIDE) for length in image.shape[:2])
        grid = (height, width)
        own = torch.zeros(1, len(tags), *grid, device=self.device)
        verified = torch.zeros_like(own)
        logits = torch.zeros(len(tags), device=self.device)
        plain = self._forward(image, unit, tags)
        for scale in self.config.scales:
            view = plain if scale == 1.0 else self._forward(image, scale * unit, tags)
            own += F.interpolate(view.own, size=grid, mode="bilinear", align_corners=True)
            logits += view.logits
            if self.regions is not None and scale in self._read_out:
                posterior = _upright(self.regions.posterior(view.features, self.config.background_odds))
                verified += F.interpolate(posterior, size=grid, mode="bilinear", align_corners=True)
        own, verified = own / len(self.config.scales), verified / len(self._read_out)
        activation = own if self.regions is None else torch.where(self.regions.known[:, None, None], verified, own)
        highest = activation.amax(dim=(0, 2, 3))
        cam = (activation[0] / highest.clamp(min=1e-5)[:, None, None] * 255).round()
        labels, centroids, sizes = self._nrois(plain, tags, seed)
        return ImageMaps(
            cam=cam.byte().cpu().numpy(),
            scale=highest.float().cpu().numpy(),
            peak=own.amax(dim=(0, 2, 3)).float().cpu().numpy(),
            logits=(logits / len(self.config.scales)).float().cpu().numpy(),
            features=self._project(plain.features[:1]),
            nroi_labels=labels,
            nroi_centroids=centroids,
            nroi_sizes=sizes,
        )

    def _forward(self, image: Pixels, scale: float, tags: npt.NDArray[np.int8]) -> _View:
        batch = to_batch(resize_for_network(image, scale)[None], self.device)
        if self.config.flip:
            batch = torch.cat([batch, batch.flip(3)]).contiguous(memory_format=torch.channels_last)
        known = torch.from_numpy(tags).to(self.device)[None].expand(len(batch), -1)
        out = self.run.infer(batch, known)
        # ReLU comes before the mean: CAMs are averaged, not logits.
        return _View(out.features, _upright(F.relu(out.cam_logits)), out.class_logits.mean(dim=0))

    def _project(self, features: Tensor) -> npt.NDArray[np.float16]:
        projected = torch.einsum("fhw,fd->hwd", features[0], self.basis)
        return projected.half().cpu().numpy()

    def _nrois(
        self, view: _View, tags: npt.NDArray[np.int8], seed: int
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16], npt.NDArray[np.int32]]:
        """Mine the image's NROIs in the background projection, or in the feature store's space without FBR."""
        cam = normalised_cam(view.own, torch.from_numpy(tags).to(self.device)[None])
        known = bool((tags >= 0).any())
        mask = (seed_labels(cam, self.config.seed_threshold) == 0).flatten(1) & known
        points = self._nroi_space(view.features[:1]).flatten(2).transpose(1, 2)
        generator = torch.Generator(self.device).manual_seed(seed)
        clusters = batched_kmeans(points, mask, self.config.nrois, generator=generator)
        kept = (clusters.sizes[0] > 0).nonzero()[:, 0]
        rank = torch.full((self.config.nrois + 1,), NO_NROI, dtype=torch.uint8, device=self.device)
        rank[kept] = torch.arange(len(kept), dtype=torch.uint8, device=self.device)
        labels = rank[clusters.assignment[0]].view(cam.shape[-2:])
        centroids = clusters.centroids[0, kept].half().cpu().numpy()
        return labels.cpu().numpy(), centroids, clusters.sizes[0, kept].int().cpu().numpy()

    def _nroi_space(self, features: Tensor) -> Tensor:
        if self.run.projections is None:
            return torch.einsum("bfhw,fd->bdhw", features, self.basis)
        background: Tensor = self.run.projections(features).background
        return background


def _upright(maps: Tensor) -> Tensor:
    """Return the mean of an image's maps and those of its mirror image, if that is there: 1 x C x h x w."""
    return maps if len(maps) == 1 else (maps[:1] + maps[1:].flip(3)) / 2
