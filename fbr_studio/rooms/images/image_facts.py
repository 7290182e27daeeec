"""What is looked up of the current image in the background: its size and what a run predicts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fbr_engine.data.images import upright_size
from fbr_engine.errors import FbrError
from fbr_engine.project import ImageInfo, Project, RunInfo
from fbr_engine.stages.predicted_tags import predicted_tags

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """``size`` is width and height in px, None where the file cannot be read; ``predicted`` by class id, 0 to 1."""

    image: int
    size: tuple[int, int] | None = None
    predicted: dict[int, float] = field(default_factory=dict)


def look_up(project: Project, run: RunInfo | None, image: ImageInfo) -> ImageFacts:
    """Return the facts of one image; only its header is read, and only if the project does not know its size."""
    return ImageFacts(image.id, _size(project, image), predictions_of(project, run, image))


def predictions_of(project: Project, run: RunInfo | None, image: ImageInfo) -> dict[int, float]:
    """Return the probability of each class, nothing where the run has no CAMs of the image."""
    if run is None:
        return {}
    try:
        return predicted_tags(project, run, image)
    except FbrError as error:  # its file is gone or broken: the next CAMs put it right
        LOG.info("no predicted tags: %s", error)
        return {}


def probabilities(
    project: Project, run: RunInfo | None, images: Sequence[int], classes: Sequence[int]
) -> npt.NDArray[np.float64]:
    """Return N x C probabilities, NaN where the run says nothing."""
    found = np.full((len(images), len(classes)), np.nan)
    row_of = {image: row for row, image in enumerate(images)}
    for info in project.images.by_ids(images):
        predicted = predictions_of(project, run, info)
        found[row_of[info.id]] = [predicted.get(class_id, np.nan) for class_id in classes]
    return found


def _size(project: Project, image: ImageInfo) -> tuple[int, int] | None:
    if image.width and image.height:
        return image.width, image.height
    try:
        height, width = upright_size(project.image_path(image.path))
    except FbrError:
        return None
    return width, height
