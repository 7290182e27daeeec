"""What a training learns of each image from an earlier run: its seeds as they were judged, and pixels that are forced.

The seed is what the judged CAM of that run says, fitted to the photo by PAMR, with a band of doubt around the
threshold. A pixel is forced where more than half of its likeness, among all that the class is compared with, goes to
what was judged.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import torch

from fbr_engine.concepts.effect import Cast, weights
from fbr_engine.concepts.space import embed
from fbr_engine.config import TrainConfig
from fbr_engine.data.images import Pixels
from fbr_engine.data.judged_plane import UNSURE, JudgedPlane
from fbr_engine.errors import ReadError
from fbr_engine.events import Event, Notice, Progress, Started
from fbr_engine.project import ImageInfo, Project, RunInfo
from fbr_engine.refiners.pamr import pamr
from fbr_engine.stages.auto_threshold import auto_threshold
from fbr_engine.stages.judged_cams import JudgedCams, anything_judged, prepare_judged
from fbr_engine.stages.judged_planes import JudgedPlanes
from fbr_engine.stages.photos import Photo, photos
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import StoredCam, cam_record, resized_floats, resized_maps
from fbr_engine.stages.stored_concepts import concepts_path
from fbr_engine.stages.stored_features import StoredFeatures
from fbr_engine.stages.training_data import TrainingSet

KIND = "judged"
MOSTLY = 0.5  # of a pixel's likeness must go to what was judged
ACTIVE = 0.6  # of the threshold: where the CAM of a class is at least that, the class is active
FINER = 2  # how much finer than the CAMs the seeds are
DILATIONS, ITERATIONS = (1, 2, 4, 8), 6
DOUBT = 0.15  # a seed is unsure where the best class is within this share of the background's score

Floats = npt.NDArray[np.float32]


def make_judged_planes(
    project: Project, config: TrainConfig, data: TrainingSet
) -> Generator[Event, None, JudgedPlanes | None]:
    """Return what a training learns from an earlier run and the judgements; None if there is nothing.

    From the run it starts from it learns the seeds of all images, judged or not; without one only images count that
    judgements change in the newest run with concepts. Images whose CAMs or photo cannot be read are left out.
    """
    with closing(_made(project, config, data)) as stage:
        while True:
            try:
                event = next(stage)
            except StopIteration as end:
                found: JudgedPlanes | None = end.value
                return found
            # The judged run is not the one that is trained, as whoever listens would think.
            yield replace(event, run=None) if isinstance(event, Started) else event


def _made(project: Project, config: TrainConfig, data: TrainingSet) -> Generator[Event, None, JudgedPlanes | None]:
    info, judged = judged_run(project, config), None
    again = info is not None and info.name == config.start_from
    if not config.ignore_judgements and anything_judged(project):
        judged = None if info is None else (yield from prepare_judged(project, info))
        if judged is None:
            yield Notice(
                "nothing is learnt from the judgements: they are about no run that is still there",
                f"find the concepts of a run first (fbr-engine concepts {project.folder})",
            )
    if config.start_from and not again:
        yield _no_seeds(project, config.start_from)
    if info is None or (judged is None and not again):
        return None
    threshold = yield from auto_threshold(project, info)
    maker = _Maker(project, info, judged, threshold, [c.id for c in data.classes], every=again)
    total = len(data)
    yield Started(KIND, total, "images", info.name)
    planes: dict[int, JudgedPlane] = {}
    images = project.images.by_ids(data.ids.tolist())
    for done, (image, photo) in enumerate(photos(project, images, maker.longest), start=1):
        plane = maker.plane(image, photo.pixels) if isinstance(photo, Photo) else None
        if plane is not None:
            planes[image.id] = plane
        yield Progress(KIND, done, total, "images")
    if again and not planes:
        yield _no_seeds(project, config.start_from)
    return JudgedPlanes(planes) if planes else None


def _no_seeds(project: Project, run: str) -> Notice:
    return Notice(
        f"the training starts from the weights of run {run}, but learns from none of its seeds: it has no CAMs of the "
        "images to train on",
        f"stop, and compute them first: fbr-engine cams {project.folder} --run {run}",
    )


def judged_run(project: Project, config: TrainConfig) -> RunInfo | None:
    """Return the run whose concepts judgements are bound to. Raises `ProjectError` if the one named is not there."""
    if config.start_from:
        info = project.runs.get(config.start_from)
        if project.maps.count_done(info.id, CAMS):
            return info
    return next((info for info in reversed(project.runs.all()) if concepts_path(project, info).is_file()), None)


class _Maker:
    """Makes the planes of one image after another, of ``every`` one or of those that judgements change."""

    longest = 320.0  # px of a photo; seeds are coarser

    def __init__(
        self,
        project: Project,
        info: RunInfo,
        judged: JudgedCams | None,
        threshold: float,
        class_ids: list[int],
        *,
        every: bool,
    ) -> None:
        self.project, self.info, self.judged, self.threshold, self.every = project, info, judged, threshold, every
        self.index = {class_id: index for index, class_id in enumerate(class_ids)}
        self.features = StoredFeatures(project, info)

    def plane(self, image: ImageInfo, photo: Pixels) -> JudgedPlane | None:
        """Return what is learnt of an image, or None."""
        record = cam_record(self.project, self.info, image)
        try:
            stored = record.read() if record else None
            if record is None or stored is None or not self._knows(stored):
                return None
            changed = self.judged.apply(record, stored) if self.judged else stored
            if changed is stored and not self.every:
                return None
            forced = self._forced(self.judged, image.id, stored) if self.judged else {}
            return JudgedPlane(self._seeds(changed, photo), forced)
        except ReadError:
            return None

    def _knows(self, stored: StoredCam) -> bool:
        return len(stored.class_ids) > 0 and all(int(c) in self.index for c in stored.class_ids)

    def _seeds(self, changed: StoredCam, photo: Pixels) -> npt.NDArray[np.uint8]:
        size = (FINER * changed.cam.shape[1], FINER * changed.cam.shape[2])
        background = np.full((1, *size), self.threshold, dtype=np.float32)
        scores = np.concatenate([background, resized_maps(changed.cam, size)])
        small = np.asarray(cv2.resize(photo, (size[1], size[0]), interpolation=cv2.INTER_AREA))
        pixels = torch.from_numpy(small).permute(2, 0, 1).float() / 255
        refined = pamr(pixels, torch.from_numpy(scores), DILATIONS, ITERATIONS).numpy()
        labels = np.array([self.index[int(c)] + 1 for c in changed.class_ids], dtype=np.uint8)
        return seed_of(refined[0], refined[1:], labels)

    def _forced(self, judged: JudgedCams, image_id: int, stored: StoredCam) -> dict[int, npt.NDArray[np.int8]]:
        casts = {row: judged.verdicts.cast(int(c)) for row, c in enumerate(stored.class_ids)}
        features = self.features.read(image_id)
        if features is None:
            return {}
        grid = (features.shape[0], features.shape[1])
        points = embed(features, judged.concepts.mean, judged.concepts.basis)
        cam = resized_floats(stored.cam.astype(np.float32) / np.float32(255), grid)
        return {
            self.index[int(stored.class_ids[row])]: forced_pixels(points, cast, cam[row] > ACTIVE * self.threshold)
            for row, cast in casts.items()
            if cast.acts
        }


def seed_of(background: Floats, scores: Floats, labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a seed, h x w: 0, one of the K ``labels`` of K x h x w ``scores``, or `UNSURE` near the background's."""
    best = scores.max(axis=0)
    found = np.where(best > background, labels[scores.argmax(axis=0)], 0)
    sure = np.abs(best - background) > DOUBT * background
    seed: npt.NDArray[np.uint8] = np.where(sure, found, UNSURE).astype(np.uint8)
    return seed


def forced_pixels(points: Floats, cast: Cast, active: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Return, h x w, 1 where pixels were judged to be part of the object, -1 where background, 0 elsewhere.

    ``points``: h*w x D. ``active``: h x w, where the class is active; only a background concept that was judged to be
    part of the object counts elsewhere.
    """
    likely = weights(points, cast)
    background, thing, back = (
        (likely @ part.astype(np.float32)).reshape(active.shape) > MOSTLY
        for part in (cast.sign < 0, cast.sign > 0, cast.put_back)
    )
    forced: npt.NDArray[np.int8] = ((thing & active) | back).astype(np.int8) - (background & active).astype(np.int8)
    return forced
