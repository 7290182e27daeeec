"""The mask of one image as stage ``masks`` makes it: threshold, argmax, refinement, specks removed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch

from fbr_engine.data.device import memory_advice, pick_device
from fbr_engine.data.images import read_image
from fbr_engine.errors import ProjectError
from fbr_engine.project import ImageInfo, Project, RunInfo
from fbr_engine.refiners.base import Refiner
from fbr_engine.stages.judged_cams import JudgedCams, judged_cams
from fbr_engine.stages.pseudo_mask import SMALLEST, Mask, cleaned, pseudo_mask, soft_scores, to_mask
from fbr_engine.stages.refine import load_refiner
from fbr_engine.stages.stored_cams import CamRecord, StoredCam, cam_record

# Refinement follows colours between neighbours; beyond this size they say no more and memory runs out.
REFINE_SIDE = 640


@dataclass(frozen=True, slots=True)
class MaskSource:
    """The CAMs and, for refinement, the pixels of one image."""

    cam: StoredCam
    pixels: npt.NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True)
class MaskMaker:
    """Makes masks under one threshold (0..1), refiner and clean-up (a share of the image), on ``device``.

    ``judged``: what changes the CAMs first, if anything was judged.
    """

    threshold: float
    refiner: Refiner | None
    smallest: float
    device: torch.device
    judged: JudgedCams | None = None

    def load(self, project: Project, record: CamRecord) -> MaskSource:
        """Read what the mask of one image is made of; may be called in any thread. Raises `ReadError`."""
        pixels = None if self.refiner is None else read_image(project.image_path(record.image.path))
        cam = record.read()
        return MaskSource(self.judged.apply(record, cam) if self.judged else cam, pixels)

    def make(self, source: MaskSource) -> Mask:
        """Return the mask, H x W uint8 of pixel ids, in the size of the image."""
        cam = source.cam
        if source.pixels is None or self.refiner is None or len(cam.cam) == 0:
            return pseudo_mask(cam, self.threshold, smallest=self.smallest)
        return cleaned(to_mask(self._refined_scores(self.refiner, cam, source.pixels), cam.class_ids), self.smallest)

    def _refined_scores(
        self, refiner: Refiner, cam: StoredCam, pixels: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.float32]:
        size = cam.size
        shrink = min(1.0, REFINE_SIDE / max(size))
        small = (max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink)))
        shrunk = np.asarray(cv2.resize(pixels, small[::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8)
        scores = self._refined(refiner, shrunk, soft_scores(cam, self.threshold, small))
        if small != size:
            scores = np.stack([cv2.resize(s, size[::-1], interpolation=cv2.INTER_LINEAR) for s in scores])
        return scores

    def _refined(
        self, refiner: Refiner, pixels: npt.NDArray[np.uint8], scores: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        with memory_advice("use --refine none, or --device cpu"), torch.inference_mode():
            image = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device).permute(2, 0, 1).float() / 255
            refined = refiner(image, torch.from_numpy(scores).to(self.device))
            result: npt.NDArray[np.float32] = refined.cpu().numpy()
        return result


def refined_mask(
    project: Project,
    info: RunInfo,
    image: ImageInfo,
    threshold: float,
    refine: str,
    *,
    smallest: float = SMALLEST,
    device: str = "auto",
    ignore_judgements: bool = False,
) -> Mask:
    """Return the mask that stage ``masks`` would write for ``image``, H x W uint8 of pixel ids.

    Raises `ProjectError` when the image has no CAMs or no known tag of a class the run has learnt, or when ``refine``
    names what the run has not learnt yet; `ConfigError` for a refiner that is not known; and `ReadError`.
    """
    record = cam_record(project, info, image)
    if record is None:
        raise ProjectError(
            f"{image.path} has no CAMs or no tags in run {info.name}: tag it and compute its CAMs (fbr-engine cams)"
        )
    place = pick_device(device)
    judged = None if ignore_judgements else judged_cams(project, info)
    maker = MaskMaker(threshold, load_refiner(project, info, refine, place), smallest, place, judged)
    return maker.make(maker.load(project, record))
