"""CAMs as judgements change them: judged pixels are taken out or put back, softly, by likeness of features.

Needs no torch.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.effect import Cast, shift_and_lift, shifted
from fbr_engine.concepts.space import embed
from fbr_engine.config import ConceptsConfig
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, Notice
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages import concepts as concepts_stage
from fbr_engine.stages.stored_cams import CamRecord, StoredCam, resized_floats
from fbr_engine.stages.stored_concepts import fits_features, is_current, load_concepts
from fbr_engine.stages.stored_features import StoredFeatures
from fbr_engine.stages.verdicts import ACTING, Verdicts, bind

CamBytes = npt.NDArray[np.uint8]


class JudgedCams:
    """Changes the CAMs of one run; any thread may ask."""

    def __init__(self, project: Project, info: RunInfo, concepts: ConceptSet, verdicts: Verdicts) -> None:
        self.concepts, self.verdicts = concepts, verdicts
        self._features = StoredFeatures(project, info)

    def apply(self, record: CamRecord, stored: StoredCam) -> StoredCam:
        """Return the CAMs of one image as judged, the same object if no judgement applies. Raises `ReadError`."""
        casts = {row: self.verdicts.cast(int(c)) for row, c in enumerate(stored.class_ids)}
        casts = {row: cast for row, cast in casts.items() if cast.acts}
        features = self._features.read(record.image.id) if casts else None
        if features is None:
            return stored
        points = embed(features, self.concepts.mean, self.concepts.basis)
        cam = stored.cam.copy()
        for row, cast in casts.items():
            cam[row] = changed_cam(cam[row], points, (features.shape[0], features.shape[1]), cast)
        return StoredCam(cam, stored.class_ids, stored.size)

    def digest(self, record: CamRecord) -> str:
        """Return a hash of all that changes the CAMs of one image, and empty text if nothing does."""
        found = self.verdicts.digest(c for c, value in record.tags.items() if value == 1)
        return found if found and self._features.location(record.image.id) is not None else ""


def changed_cam(cam: CamBytes, points: npt.NDArray[np.float32], grid: tuple[int, int], cast: Cast) -> CamBytes:
    """Return a CAM, h x w uint8, changed by ``cast``; ``points``: the pixels of ``grid`` in comparison space."""
    planes = np.stack(shift_and_lift(points, cast)).reshape(2, *grid)
    shift, lift = resized_floats(planes, (cam.shape[0], cam.shape[1]))
    return to_bytes(shifted(cam.astype(np.float32) / np.float32(255), shift, lift))


def to_bytes(cam: npt.NDArray[np.float32]) -> CamBytes:
    """Return a CAM in [0, 1] in its stored form."""
    found: CamBytes = (cam * 255).round().astype(np.uint8)
    return found


def judged_cams(project: Project, info: RunInfo) -> JudgedCams | None:
    """Return what changes the CAMs of a run; None if nobody judged anything, or it has no concepts of its features.

    Raises `ReadError` when the concepts are broken.
    """
    if not anything_judged(project):
        return None
    concepts = load_concepts(project, info)
    if concepts is None or not fits_features(project, info, concepts):
        return None
    return JudgedCams(project, info, concepts, bind(project, info, concepts))


def prepare_judged(project: Project, info: RunInfo) -> Generator[Event, None, JudgedCams | None]:
    """Do what `judged_cams` does, and find the concepts of the run first where judgements need it.

    That is if there are none, or if they are from an earlier state of the training, whose features were others.
    """
    if not anything_judged(project):
        return None
    concepts = load_concepts(project, info)
    if concepts is None or not fits_features(project, info, concepts):
        try:
            yield from concepts_stage.run(project, ConceptsConfig(), info.name)
        except ProjectError as error:
            yield Notice(f"the judgements do not count for run {info.name}", str(error))
            return None
    judged = judged_cams(project, info)
    if judged is not None and not is_current(project, info, judged.concepts):
        yield Notice(
            f"the concepts of run {info.name} are from earlier CAMs or tags: judgements count by these",
            "run fbr-engine concepts again",
        )
    return judged


def anything_judged(project: Project) -> bool:
    """Return whether any judgement stands that changes CAMs."""
    return any(judgement.verdict in ACTING for judgement in project.judgements.all())
