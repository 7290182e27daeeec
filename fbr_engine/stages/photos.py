"""The photos of a project as the network reads them, read ahead in threads, and their tags in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fbr_engine.data.images import Pixels
from fbr_engine.data.prefetch import prefetch
from fbr_engine.data.tensors import shrunk
from fbr_engine.project import ImageInfo, Project
from fbr_engine.stages.broken_images import read_or_reason
from fbr_engine.stages.looked_at import LookedAt


def image_tags(project: Project, image: ImageInfo, class_ids: list[int]) -> npt.NDArray[np.int8]:
    """Return the tags of the network's classes, C, as `tags_of` has them."""
    found: npt.NDArray[np.int8] = tags_of(project, [image.id], class_ids)[0]
    return found


def tags_of(project: Project, image_ids: Sequence[int], class_ids: Sequence[int]) -> npt.NDArray[np.int8]:
    """Return the tags of N images and the network's C classes, N x C: 1, 0, -1 unknown.

    A class that was merged has the tag of the class it is part of; one that was deleted is unknown.
    """
    aliases = project.classes.aliases()
    today = [aliases.get(c, c) for c in class_ids]
    distinct = list(dict.fromkeys(today))
    return project.tags.matrix(image_ids, distinct)[:, [distinct.index(c) for c in today]]


@dataclass(frozen=True, slots=True)
class Photo:
    """The pixels of a photo, shrunk to what the network reads at most, and its own ``size`` (height, width) in px."""

    pixels: Pixels
    size: tuple[int, int]


def photos(
    project: Project, images: Iterable[ImageInfo] | LookedAt[ImageInfo], longest: float
) -> Iterator[tuple[ImageInfo, Photo | str]]:
    """Yield the images with their photo, or with why it cannot be read; reading runs ahead."""

    def located(image: ImageInfo) -> tuple[ImageInfo, Path]:
        return image, project.image_path(image.path)

    def urgent() -> tuple[ImageInfo, Path] | None:
        image = images.urgent() if isinstance(images, LookedAt) else None
        return located(image) if image is not None else None

    for (image, _), photo in prefetch(map(located, images), lambda item: _load(item[1], longest), urgent=urgent):
        yield image, photo


def _load(path: Path, longest: float) -> Photo | str:
    pixels = read_or_reason(path)
    if isinstance(pixels, str):
        return pixels
    return Photo(shrunk(pixels, longest), (pixels.shape[0], pixels.shape[1]))
