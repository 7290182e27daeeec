"""What the room shows of one image: its photo, what each run says about it, and the person's mask.

Loading runs behind the window and keeps its parts in a cache; nothing here knows Qt or torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fbr_engine.errors import FbrError
from fbr_engine.project import ImageInfo, PersonMask, Project, RunInfo, load_mask
from fbr_engine.stages.shown_masks import KIND as MASKS
from fbr_engine.stages.stored_cams import StoredCam, StoredMaps, read_maps
from fbr_studio.rooms.review.part_cache import Key, PartCache
from fbr_studio.rooms.review.photo import Photo, read_photo

Labels = npt.NDArray[np.uint8]
AHEAD_PIXELS = 40_000_000  # photos larger than this are not read ahead


@dataclass(frozen=True, slots=True, eq=False)
class RunLook:
    """What one run stored of one image. ``mask``: H x W uint8 of today's pixel ids. ``problem`` says what is broken."""

    run: RunInfo
    maps: StoredMaps | None
    mask: Labels | None
    problem: str = ""

    def cam(self, tagged: frozenset[int]) -> StoredCam | None:
        """Return the CAMs of the tagged classes alone, what masks are made of; None without CAMs."""
        if self.maps is None:
            return None
        chosen = np.array([int(c) in tagged for c in self.maps.class_ids], dtype=bool)
        return StoredCam(self.maps.cam[chosen], self.maps.class_ids[chosen], self.maps.size)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All of one image. ``tags``: 1 or 0 by class id. ``problem`` says why there is no photo."""

    image: ImageInfo
    photo: Photo | None = None
    problem: str = ""
    tags: dict[int, int] = field(default_factory=dict)
    looks: dict[str, RunLook] = field(default_factory=dict)
    person: PersonMask | None = None
    person_problem: str = ""

    @property
    def tagged(self) -> frozenset[int]:
        """The classes known to be in the image."""
        return frozenset(c for c, value in self.tags.items() if value == 1)

    def look(self, run: str | None) -> RunLook | None:
        """Return what the run says, or None."""
        return self.looks.get(run) if run else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One image and the runs to be looked at."""

    image: int
    runs: tuple[RunInfo, ...]

    def keys(self) -> list[Key]:
        """Return the cache's names of all parts."""
        return [
            (self.image, "photo", 0),
            (self.image, "person", 0),
            *((self.image, "run", run.id) for run in self.runs),
        ]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A part read from the disk, or why it could not be."""

    part: Any
    problem: str = ""


def load(project: Project, cache: PartCache, wanted: Wanted) -> Material | None:
    """Return the image's material, reading what the cache does not hold; None when the image was removed."""
    infos = project.images.by_ids([wanted.image])
    if not infos:
        return None
    photo, person, *runs = wanted.keys()
    parts = [cache.get(photo) or _load_photo(project, cache, infos[0])]
    parts.append(cache.get(person) or _load_person(project, cache, infos[0]))
    size = parts[0].part.size if parts[0].part is not None else None
    for key, run in zip(runs, wanted.runs, strict=True):
        parts.append(cache.get(key) or _load_look(project, cache, infos[0], run, size))
    return _joined(project, infos[0], parts, wanted)


def held(project: Project, cache: PartCache, wanted: Wanted) -> Material | None:
    """Return the material if the cache holds all of it; tags are read, which takes a millisecond."""
    parts = [cache.get(key) for key in wanted.keys()]  # noqa: SIM118 - a method, not a mapping
    infos = [] if any(part is None for part in parts) else project.images.by_ids([wanted.image])
    return _joined(project, infos[0], parts, wanted) if infos else None


def read_ahead(project: Project, cache: PartCache, wanted: list[Wanted]) -> None:
    """Fill the cache with images that are likely to come next."""
    for one in wanted:
        infos = project.images.by_ids([one.image])
        if infos and (infos[0].width or 0) * (infos[0].height or 0) <= AHEAD_PIXELS:
            load(project, cache, one)


def _joined(project: Project, image: ImageInfo, parts: list[Any], wanted: Wanted) -> Material:
    photo, person, *looks = parts
    tags = project.tags.of(image.id)
    by_run = {run.name: look for run, look in zip(wanted.runs, looks, strict=True)}
    return Material(image, photo.part, photo.problem, tags, by_run, person.part, person.problem)


def _load_photo(project: Project, cache: PartCache, image: ImageInfo) -> _Read:
    ticket = cache.ticket
    try:
        photo = read_photo(project.image_path(image.path), cache.pyramids)
    except FbrError as error:
        return _Read(None, str(error))  # not kept: the file may be put right
    cache.put((image.id, "photo", 0), found := _Read(photo), photo.nbytes, ticket)
    return found


def _load_person(project: Project, cache: PartCache, image: ImageInfo) -> _Read:
    ticket = cache.ticket
    try:
        mask = project.person_masks.load(image.id)
    except FbrError as error:
        return _Read(None, str(error))
    cache.put((image.id, "person", 0), found := _Read(mask), 4 * mask.classes.nbytes if mask else 0, ticket)
    return found


def _load_look(
    project: Project, cache: PartCache, image: ImageInfo, run: RunInfo, size: tuple[int, int] | None
) -> RunLook:
    ticket = cache.ticket
    maps, mask, problem = None, None, ""
    try:
        maps = read_maps(project, run, image)
        mask = _run_mask(project, run, image, size)
    except FbrError as error:
        problem = str(error)
    look = RunLook(run, maps, mask, problem)
    size_in_bytes = (maps.cam.nbytes if maps else 0) + (mask.nbytes if mask is not None else 0)
    cache.put((image.id, "run", run.id), look, size_in_bytes, ticket)
    return look


def _run_mask(project: Project, run: RunInfo, image: ImageInfo, size: tuple[int, int] | None) -> Labels | None:
    found = project.maps.get(run.id, image.id, MASKS)
    if found is None:
        return None
    mask: Labels = project.classes.lookup()[load_mask(project.path_of(found.location))]
    return fitted(mask, size) if size else mask


def fitted(labels: Labels, size: tuple[int, int]) -> Labels:
    """Return labels at ``size`` (height, width), nearest neighbour; as they are where they fit."""
    if labels.shape == size:
        return labels
    resized: Labels = np.asarray(cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
    return resized
