"""Images on the feature grid of a run: features, CAMs of the tagged classes, NROIs. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.clustering import GridImage
from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.project import FeatureShards, ImageInfo, Project, RunInfo, load_arrays
from fbr_engine.project.paths import shown
from fbr_engine.stages.run_files import run_classes
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import read_maps, resized_maps

FEATURES = "features"


@dataclass(frozen=True, slots=True)
class GridRecord:
    """One image: where its CAMs and its features lie, and its ``known`` tags, C."""

    image: ImageInfo
    location: str
    features: str
    known: npt.NDArray[np.int8]


class GridImages:
    """Reads the images of a run; ``class_ids``: the learnt classes as they are today, C int32."""

    def __init__(self, project: Project, info: RunInfo) -> None:
        self.project, self.info = project, info
        self.class_ids = np.array([c.id for c in run_classes(project, info)], dtype=np.int32)
        self._aliases = project.classes.aliases()
        self._store = FeatureShards(project.runs.folder(info.name) / FEATURES)

    def records(self, split: str = "") -> list[GridRecord]:
        """Return the images that have CAMs and features, by their numbers.

        Raises `ProjectError` with the remedy if there are none.
        """
        done = [d for d in self.project.maps.done(self.info.id, CAMS, split) if not d[0].problem]
        if not done:
            raise ProjectError(
                f"run {self.info.name} has no CAMs yet: compute them first (fbr-engine cams {self.project.folder})"
            )
        stored = [(image, location, extra[FEATURES]) for image, location, extra in done if FEATURES in extra]
        if not stored:
            raise ProjectError(
                f"run {self.info.name} has no features: compute its CAMs with them "
                f"(fbr-engine cams {self.project.folder} --run {self.info.name} --features)"
            )
        return self._with_tags(stored)

    def among(self, image_ids: Sequence[int]) -> list[GridRecord]:
        """Return those of some images that have CAMs and features, in their order."""
        found = [
            (image, self.project.maps.get(self.info.id, image.id, CAMS))
            for image in self.project.images.by_ids(image_ids)
        ]
        return self._with_tags(
            [(image, m.location, m.extra[FEATURES]) for image, m in found if m is not None and FEATURES in m.extra]
        )

    def _with_tags(self, stored: list[tuple[ImageInfo, str, str]]) -> list[GridRecord]:
        known = self.project.tags.matrix([image.id for image, _, _ in stored], self.class_ids.tolist())
        return [GridRecord(*place, tags) for place, tags in zip(stored, known, strict=True)]

    def features(self, record: GridRecord) -> npt.NDArray[np.float16]:
        """Return the features of an image, h x w x F. Raises `ReadError`."""
        return self._store.read(record.features)

    def read(self, record: GridRecord) -> GridImage:
        """Return an image on its feature grid. Raises `ReadError` when its files are missing or broken."""
        features = self.features(record)
        maps, class_ids, nroi = self._maps(record)
        if nroi.shape != features.shape[:2]:
            raise ReadError(f"{shown(record.image.path)}: its CAMs and features do not belong together: run cams again")
        columns: Mapping[int, int] = {int(c): i for i, c in enumerate(self.class_ids)}
        tagged = [(row, columns[int(c)]) for row, c in enumerate(class_ids) if int(c) in columns]
        tagged = [(row, column) for row, column in tagged if record.known[column] == 1]
        cam = np.zeros((len(self.class_ids), *features.shape[:2]), dtype=np.float32)
        if tagged:
            rows, places = map(list, zip(*tagged, strict=True))
            cam[places] = resized_maps(maps[rows], (features.shape[0], features.shape[1]))
        return GridImage(record.image.id, features, cam, nroi, record.known)

    def _maps(self, record: GridRecord) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        """Return CAMs, their class ids as they are today, and NROI labels."""
        if self._aliases:
            maps = read_maps(self.project, self.info, record.image)
            if maps is None:
                raise ReadError(f"{shown(record.image.path)}: its CAMs are gone: run cams again")
            return maps.cam, maps.class_ids, maps.nroi_labels
        # Without merged classes the other arrays say nothing, and opening each takes its time.
        arrays = load_arrays(self.project.path_of(record.location), ("cam", "class_ids", "nroi_labels"))
        return arrays["cam"], arrays["class_ids"], arrays["nroi_labels"]

    def close(self) -> None:
        """Let go of the feature store."""
        self._store.close()
