"""Tags: which class is in which image, known to be there, known not to be, or unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import chain, groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fbr_engine.project.database import Database
from fbr_engine.project.images import COLUMNS, ImageInfo, Images, keyset_pages

SOURCES = {"person": 0, "import": 1, "model": 2}
_CHUNK = 10_000


class Tag(IntEnum):
    """What is known of one class in one image; an unknown tag is stored by storing nothing."""

    UNKNOWN = -1
    ABSENT = 0
    PRESENT = 1


PRESENT, ABSENT, UNKNOWN = Tag.PRESENT, Tag.ABSENT, Tag.UNKNOWN


class Tags:
    """The tags of one project; an image is confirmed empty when every learnt class is absent from it."""

    def __init__(self, database: Database, images: Images) -> None:
        self._database = database
        self._images = images

    def set(self, image_id: int, class_id: int, value: int | None, source: str = "person") -> None:
        """Set one tag; None or `UNKNOWN` takes back what was known."""
        self.set_many([(image_id, class_id, value)], source)

    def set_many(
        self,
        rows: Iterable[tuple[int, int, int | None]],
        source: str = "person",
        *,
        keep_person: bool = False,
    ) -> None:
        """Set (image_id, class_id, value) tags in one transaction; ``keep_person`` spares a person's."""
        code = SOURCES[source]
        guard = f" AND tag.source <> {SOURCES['person']}" if keep_person else ""
        with self._database.transaction() as connection:
            for known, group in groupby(rows, key=lambda row: row[2] is not None and row[2] != UNKNOWN):
                if known:
                    connection.executemany(
                        "INSERT INTO tag (image_id, class_id, value, source) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (image_id, class_id) DO UPDATE "
                        f"SET value = excluded.value, source = excluded.source WHERE 1{guard}",
                        ((int(image), int(class_), int(value or 0), code) for image, class_, value in group),
                    )
                else:
                    connection.executemany(
                        f"DELETE FROM tag WHERE image_id = ? AND class_id = ?{guard}",
                        ((int(image), int(class_)) for image, class_, _ in group),
                    )

    def of(self, image_id: int) -> dict[int, int]:
        """Return the known tags of an image: 1 or 0 by class id."""
        return dict(self._database.rows("SELECT class_id, value FROM tag WHERE image_id = ?", (int(image_id),)))

    def matrix(self, image_ids: Sequence[int], class_ids: Sequence[int]) -> NDArray[np.int8]:
        """Return the tags of N images and C classes, int8 (N, C): 1 present, 0 absent, -1 unknown."""
        wanted = np.asarray(image_ids, np.int64).reshape(-1)
        images, where = np.unique(wanted, return_inverse=True)
        column = np.full(256, -1)
        column[np.asarray(class_ids, np.int64)] = np.arange(len(class_ids))
        tags = np.full((len(images), len(class_ids)), UNKNOWN, np.int8)
        classes = json.dumps(list(map(int, class_ids)))
        for start in range(0, len(images), _CHUNK):
            known = self._known(images[start : start + _CHUNK], classes)
            tags[np.searchsorted(images, known[:, 0]), column[known[:, 1]]] = known[:, 2]
        return tags[where.reshape(-1)]

    def counts(self, split: str = "") -> dict[int, tuple[int, int, int]]:
        """Return (present, absent, unknown), counted in images, by class id."""
        total = self._images.count(split)
        condition, values = self._images.in_split(split)
        within = f"WHERE image_id IN (SELECT id FROM image WHERE {condition})" if split else ""
        found: dict[int, list[int]] = {
            class_id: [0, 0] for (class_id,) in self._database.rows("SELECT id FROM class ORDER BY position, id")
        }
        for class_id, value, count in self._database.rows(
            f"SELECT class_id, value, count(*) FROM tag {within} GROUP BY class_id, value", values
        ):
            found[class_id][value] = count
        return {i: (present, absent, total - present - absent) for i, (absent, present) in found.items()}

    def tagged_images(self, split: str = "", *, with_problems: bool = False) -> Iterator[ImageInfo]:
        """Yield the images with a known tag of a learnt class; by default only those that take part.

        An image nobody tagged is not among them; one confirmed empty is. Each item is a tuple that starts
        with the image's number.
        """
        sql, values = self._tagged(COLUMNS, split, with_problems)
        return chain.from_iterable(keyset_pages(self._database, sql, values))

    def count_tagged(self, split: str = "", *, with_problems: bool = False) -> int:
        """Return how many images `tagged_images` yields."""
        sql, values = self._tagged("count(*)", split, with_problems)
        count: int = self._database.value(sql, values)
        return count

    def _tagged(self, what: str, split: str, with_problems: bool) -> tuple[str, Sequence[Any]]:
        condition, values = self._images.in_split(split)
        if not with_problems:
            condition += " AND image.problem IS NULL"
        return (
            f"SELECT {what} FROM image WHERE {condition} AND EXISTS (SELECT 1 FROM tag JOIN class "
            "ON class.id = tag.class_id WHERE tag.image_id = image.id AND class.learnt)",
            values,
        )

    def _known(self, images: NDArray[np.int64], classes: str) -> NDArray[np.int64]:
        rows = self._database.rows(
            "SELECT image_id, class_id, value FROM tag WHERE image_id IN (SELECT value FROM json_each(?)) "
            "AND class_id IN (SELECT value FROM json_each(?))",
            (json.dumps(images.tolist()), classes),
        )
        return np.array(rows, np.int64).reshape(-1, 3)
