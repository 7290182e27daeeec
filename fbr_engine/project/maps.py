"""What is finished: one row per run, image and kind of result (CAMs, features, masks ...).

A row carries the fingerprint of the configuration that made the result. `Maps.todo` gives the images without
a row of that fingerprint, so a stage that is started again goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from fbr_engine.errors import ProjectError
from fbr_engine.project.database import Database, Row
from fbr_engine.project.images import COLUMNS, PAGE, ImageInfo, Images, keyset_pages

_RECORD = (  # an image may have been removed while a stage worked on it
    "INSERT INTO map (run_id, image_id, kind, fingerprint, location, extra) SELECT ?1, ?2, ?3, ?4, ?5, ?6 "
    "WHERE EXISTS (SELECT 1 FROM image WHERE id = ?2) ON CONFLICT (run_id, kind, image_id) DO UPDATE "
    "SET fingerprint = excluded.fingerprint, location = excluded.location, extra = excluded.extra"
)


class MapInfo(NamedTuple):
    """Where one result lies: a path below the project, or a place in the feature store; and its extras."""

    location: str
    fingerprint: str
    extra: dict[str, Any]


class Maps:
    """The finished results of one project's runs."""

    def __init__(self, database: Database, images: Images, project_folder: Path) -> None:
        self._database = database
        self._images = images
        self._folder = project_folder

    def record(
        self,
        run_id: int,
        image_id: int,
        kind: str,
        fingerprint: str,
        location: str,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep that a result is finished; its file must be on the disk by now. Replaces an earlier one.

        Of an image that is no longer there nothing is kept.
        """
        self.record_many([(run_id, image_id, kind, fingerprint, location, extra)])

    def record_many(self, rows: Iterable[tuple[int, int, str, str, str, Mapping[str, Any] | None]]) -> None:
        """Keep many results, each as `record` takes them, in one transaction."""
        with self._database.transaction() as connection:
            connection.executemany(_RECORD, ((*row[:5], _to_text(row[5])) for row in rows))

    def todo(
        self, run_id: int, kind: str, fingerprint: str, split: str = "", *, needs: str | None = None
    ) -> Iterator[ImageInfo]:
        """Yield the images that take part and have no result of this kind and fingerprint, page by page.

        ``needs`` names a kind that must be there already. What is recorded meanwhile does no harm.
        """
        sql, values = self._missing(COLUMNS, run_id, kind, fingerprint, split, needs)
        return chain.from_iterable(keyset_pages(self._database, sql, values))

    def todo_among(
        self, run_id: int, kind: str, fingerprint: str, image_ids: Sequence[int], split: str = ""
    ) -> dict[int, ImageInfo]:
        """Return, by its number, each of some images that `todo` would yield."""
        sql, values = self._missing(COLUMNS, run_id, kind, fingerprint, split, None)
        wanted = json.dumps([int(i) for i in image_ids])
        rows = self._database.rows(f"{sql} AND image.id IN (SELECT value FROM json_each(?))", (*values, wanted))
        return {row[0]: ImageInfo._make(row) for row in rows}

    def count_todo(self, run_id: int, kind: str, fingerprint: str, split: str = "", *, needs: str | None = None) -> int:
        """Return how many images `todo` yields."""
        sql, values = self._missing("count(*)", run_id, kind, fingerprint, split, needs)
        count: int = self._database.value(sql, values)
        return count

    def done(
        self, run_id: int, kind: str, split: str = "", fingerprint: str | None = None
    ) -> Iterator[tuple[ImageInfo, str, dict[str, Any]]]:
        """Yield (image, location, extra) of finished results, of any fingerprint unless one is given."""
        condition, values = self._images.in_split(split)
        if fingerprint is not None:
            condition, values = f"{condition} AND map.fingerprint = ?", (*values, fingerprint)
        sql = (
            f"SELECT {COLUMNS}, map.location, map.extra FROM map CROSS JOIN image ON image.id = map.image_id "
            f"WHERE map.run_id = ? AND map.kind = ? AND {condition} AND map.image_id > ? "
            "ORDER BY map.image_id LIMIT ?"
        )
        return chain.from_iterable(self._done_pages(sql, (run_id, kind, *values)))

    def count_done(self, run_id: int, kind: str, split: str = "", fingerprint: str | None = None) -> int:
        """Return how many results `done` yields."""
        condition, values = self._images.in_split(split)
        if fingerprint is not None:
            condition, values = f"{condition} AND map.fingerprint = ?", (*values, fingerprint)
        count: int = self._database.value(
            "SELECT count(*) FROM map CROSS JOIN image ON image.id = map.image_id "
            f"WHERE map.run_id = ? AND map.kind = ? AND {condition}",
            (run_id, kind, *values),
        )
        return count

    def fingerprints(self, run_id: int, kind: str) -> list[str]:
        """Return the distinct fingerprints of a kind's results, sorted."""
        sql = "SELECT DISTINCT fingerprint FROM map WHERE run_id = ? AND kind = ? ORDER BY fingerprint"
        return [row[0] for row in self._database.rows(sql, (run_id, kind))]

    def made(self, run_id: int, kind: str) -> list[tuple[int, str]]:
        """Return the image and fingerprint of every result of a kind, by image."""
        sql = "SELECT image_id, fingerprint FROM map WHERE run_id = ? AND kind = ? ORDER BY image_id"
        return [(row[0], row[1]) for row in self._database.rows(sql, (run_id, kind))]

    def get(self, run_id: int, image_id: int, kind: str) -> MapInfo | None:
        """Return one result, or None if it is not finished."""
        row = self._database.row(
            "SELECT location, fingerprint, extra FROM map WHERE run_id = ? AND kind = ? AND image_id = ?",
            (run_id, kind, image_id),
        )
        return MapInfo(row[0], row[1], _from_text(row[2])) if row else None

    def forget(self, run_id: int, kind: str, image_id: int | None = None) -> None:
        """Drop what is recorded of a kind, or of one image, so that it is done again; files stay."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM map WHERE run_id = ?1 AND kind = ?2 AND (?3 IS NULL OR image_id = ?3)",
                (run_id, kind, image_id),
            )

    def forget_missing(self, run_id: int, kind: str) -> int:
        """Drop the results whose file somebody removed, so that they are done again; return how many."""
        gone = [
            (run_id, kind, image.id)
            for image, location, _ in self.done(run_id, kind)
            if not (self._folder / location).is_file()
        ]
        if gone:
            with self._database.transaction() as connection:
                connection.executemany("DELETE FROM map WHERE run_id = ? AND kind = ? AND image_id = ?", gone)
        return len(gone)

    def _missing(
        self, what: str, run_id: int, kind: str, fingerprint: str, split: str, needs: str | None
    ) -> tuple[str, tuple[Any, ...]]:
        condition, values = self._images.in_split(split)
        same = "SELECT 1 FROM map WHERE map.run_id = ? AND map.kind = ? AND map.image_id = image.id"
        sql = (
            f"SELECT {what} FROM image WHERE {condition} AND image.problem IS NULL "
            f"AND NOT EXISTS ({same} AND map.fingerprint = ?)"
        )
        bound = (*values, run_id, kind, fingerprint)
        return (sql, bound) if needs is None else (f"{sql} AND EXISTS ({same})", (*bound, run_id, needs))

    def _done_pages(self, sql: str, values: tuple[Any, ...]) -> Iterator[list[tuple[ImageInfo, str, dict[str, Any]]]]:
        last, full = 0, True
        while full:
            rows = self._database.rows(sql, (*values, last, PAGE))
            yield [_done(row) for row in rows]
            full = len(rows) == PAGE
            last = rows[-1][0] if rows else last


def _done(row: Row) -> tuple[ImageInfo, str, dict[str, Any]]:
    *image, location, extra = row
    return ImageInfo._make(image), location, _from_text(extra)


def _to_text(extra: Mapping[str, Any] | None) -> str | None:
    return json.dumps(dict(extra)) if extra else None


def _from_text(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise ProjectError(
            f"a result is recorded with {text[:50]!r}: the project is damaged, restore a copy"
        ) from error
