"""Masks a person corrected: one file per image in ``corrections/``, recorded once it is on the disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.formats.atomic import write_error
from fbr_engine.project.classes import Classes
from fbr_engine.project.database import Database
from fbr_engine.project.files import image_file, load_arrays, path_inside, write_arrays
from fbr_engine.project.images import COLUMNS, PAGE, ImageInfo, Images
from fbr_engine.project.paths import shown

FOLDER = "corrections"
_TYPES = {"classes": np.dtype(np.uint8), "instances": np.dtype(np.uint16), "source": np.dtype(np.uint8)}
_LEVEL = 1  # masks are large even areas: more effort makes them little smaller, and a person waits
_REMEDY = "restore it from a copy of the project, or remove the correction and paint it again"


@dataclass(frozen=True, slots=True, eq=False)
class PersonMask:
    """A corrected mask, upright: three arrays of H x W.

    ``classes`` uint8: pixel ids as they are today (0 background, 255 ignore). ``instances`` uint16: which object
    a pixel belongs to, 0 for none in particular. ``source`` uint8: where the pixel's label comes from, as the
    writer defines it.
    """

    classes: NDArray[np.uint8]
    instances: NDArray[np.uint16]
    source: NDArray[np.uint8]


class ShownLocation(NamedTuple):
    """Where an image's masks lie, below the project: ``run``'s own, ``person``'s correction, or both."""

    image: ImageInfo
    run: str | None
    person: str | None


class PersonMasks:
    """The corrected masks of one project."""

    def __init__(self, database: Database, images: Images, classes: Classes, project_folder: Path) -> None:
        self._database = database
        self._images = images
        self._classes = classes
        self._folder = project_folder

    def save(
        self,
        image_id: int,
        classes: NDArray[np.uint8],
        instances: NDArray[np.uint16],
        source: NDArray[np.uint8],
    ) -> None:
        """Keep an image's corrected mask (see `PersonMask`), whole or not at all; replaces an earlier one.

        Raises `ProjectError` for an image that is not there, `WriteError`, and ValueError for arrays of another
        type, or of different shapes.
        """
        arrays: dict[str, NDArray[Any]] = {"classes": classes, "instances": instances, "source": source}
        if not self._fits(arrays):
            raise ValueError(f"no mask: {[(a.dtype, a.shape) for a in arrays.values()]}")
        if not self._database.writable:
            raise ProjectError(f"{self._database.name} is open for reading only: open it for writing")
        location = f"{FOLDER}/{image_file(self._path_of(image_id), 'npz')}"
        write_arrays(path_inside(self._folder, location), arrays, level=_LEVEL)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO person_mask (image_id, location, revision, updated) VALUES (?, ?, 1, ?) "
                "ON CONFLICT (image_id) DO UPDATE SET location = excluded.location, "
                "revision = revision + 1, updated = excluded.updated",
                (int(image_id), location, datetime.now(UTC).isoformat(timespec="milliseconds")),
            )

    def load(self, image_id: int) -> PersonMask | None:
        """Return an image's corrected mask, or None if it has none. Raises `ReadError`."""
        location = self.find(image_id)
        if location is None:
            return None
        path = path_inside(self._folder, location)
        arrays = load_arrays(path, tuple(_TYPES), remedy=_REMEDY)
        if not self._fits(arrays):
            raise ReadError(f"{shown(path)} holds no mask: {_REMEDY}")
        return PersonMask(self._classes.lookup()[arrays["classes"]], arrays["instances"], arrays["source"])

    def find(self, image_id: int) -> str | None:
        """Return where an image's corrected mask lies, below the project, or None if it has none."""
        location: str | None = self._database.value(
            "SELECT location FROM person_mask WHERE image_id = ?", (int(image_id),)
        )
        return location

    def remove(self, image_id: int) -> None:
        """Drop an image's corrected mask: the run's shows again. Without one, nothing happens."""
        location = self.find(image_id)
        if location is None:
            return
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM person_mask WHERE image_id = ?", (int(image_id),))
        with contextlib.suppress(OSError):  # without its row it is not looked at
            path_inside(self._folder, location).unlink()

    def set_aside(self, image_id: int) -> Path | None:
        """Give the file of a corrected mask that cannot be read another name (``.old``) and drop its record.

        Returns the file's new path, or None if there was nothing. Raises `WriteError`.
        """
        location = self.find(image_id)
        if location is None:
            return None
        path = path_inside(self._folder, location)
        aside = path.with_name(f"{path.name}.old")
        try:
            path.replace(aside)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise write_error(path, error) from error
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM person_mask WHERE image_id = ?", (int(image_id),))
        return aside if aside.is_file() else None

    def count(self) -> int:
        """Return how many images have a corrected mask."""
        count: int = self._database.value("SELECT count(*) FROM person_mask")
        return count

    def ids(self) -> list[int]:
        """Return the numbers of the images that have one, ascending."""
        return [row[0] for row in self._database.rows("SELECT image_id FROM person_mask ORDER BY image_id")]

    def journal_path(self, image: str) -> Path:
        """Return where the strokes that are not saved yet are kept, for the image with this id (its path)."""
        return path_inside(self._folder, f"{FOLDER}/{image_file(image, 'journal')}")

    def shown(self, run_id: int, kind: str, split: str = "") -> Iterator[ShownLocation]:
        """Yield the images that have a mask of the run (its ``kind``) or a person's, page by page."""
        sql, values = self._shown(f"{COLUMNS}, map.location, person_mask.location", run_id, kind, split)
        last, full = 0, True
        while full:
            rows = self._database.rows(f"{sql} AND image.id > ? ORDER BY image.id LIMIT ?", (*values, last, PAGE))
            for row in rows:
                yield ShownLocation(ImageInfo._make(row[:-2]), *row[-2:])
            full = len(rows) == PAGE
            last = rows[-1][0] if rows else last

    def count_shown(self, run_id: int, kind: str, split: str = "") -> int:
        """Return how many images `shown` yields."""
        count: int = self._database.value(*self._shown("count(*)", run_id, kind, split))
        return count

    def _shown(self, what: str, run_id: int, kind: str, split: str) -> tuple[str, tuple[Any, ...]]:
        condition, values = self._images.in_split(split)
        return (
            f"SELECT {what} FROM image "
            "LEFT JOIN map ON map.run_id = ? AND map.kind = ? AND map.image_id = image.id "
            "LEFT JOIN person_mask ON person_mask.image_id = image.id "
            f"WHERE {condition} AND (map.location IS NOT NULL OR person_mask.location IS NOT NULL)",
            (run_id, kind, *values),
        )

    def _path_of(self, image_id: int) -> str:
        path: str | None = self._database.value("SELECT path FROM image WHERE id = ?", (int(image_id),))
        if path is None:
            raise ProjectError(f"{self._database.name} has no image number {image_id}: it was removed")
        return path

    @staticmethod
    def _fits(arrays: dict[str, NDArray[Any]]) -> bool:
        same = len({array.shape for array in arrays.values()}) == 1
        return same and all(arrays[name].dtype == kind and arrays[name].ndim == 2 for name, kind in _TYPES.items())
