"""The feature store of a run, read by image. Needs no torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fbr_engine.project import FeatureShards, Project, RunInfo

CAMS = "cams"


class StoredFeatures:
    """Reads what stage ``cams`` kept of each image; any thread may."""

    def __init__(self, project: Project, info: RunInfo) -> None:
        self._project, self._run_id = project, info.id
        self._shards = FeatureShards(project.runs.folder(info.name) / "features")

    def location(self, image_id: int) -> str | None:
        """Return where the features of an image lie, or None if none were kept."""
        found = self._project.maps.get(self._run_id, image_id, CAMS)
        return found.extra.get("features") if found else None

    def read(self, image_id: int) -> npt.NDArray[np.float16] | None:
        """Return h x w x F, a view that is not copied, or None if none were kept. Raises `ReadError`."""
        location = self.location(image_id)
        return None if location is None else self._shards.read(location)
