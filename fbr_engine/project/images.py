"""The images of a project: what is known about each file, page by page."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Literal, NamedTuple, get_args

from fbr_engine.errors import ProjectError
from fbr_engine.project.database import Database, Values
from fbr_engine.project.paths import check_image, shown

Review = Literal["new", "accepted", "rejected"]
COLUMNS = "image.id, image.path, image.split, image.width, image.height, image.review, image.problem"
PAGE = 1000
_LAST = "last_image"  # the setting that holds the highest number given to an image that was removed


class ImageInfo(NamedTuple):
    """One image: ``path`` is its id below the image folder, ``problem`` why it takes no part (None: it does).

    Width and height are in pixels, upright (EXIF orientation applied); None until the file was first read.
    """

    id: int
    path: str
    split: str | None
    width: int | None
    height: int | None
    review: str
    problem: str | None


class Images:
    """The images of one project, in the order they were added; ``split=""`` means all of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, paths: Iterable[str], split: str | None = None) -> int:
        """Add images by their ids in one transaction; return how many are new."""
        return self.add_rows((path, split) for path in paths)

    def add_rows(self, rows: Iterable[tuple[str, str | None]]) -> int:
        """Add (id, split) pairs in one transaction; return how many are new.

        An image that is there keeps what is known of it; its split changes if one is given.
        Raises `ProjectError` for a path that leads out of the image folder.
        """
        with self._database.transaction() as connection:
            before = self.count()
            with _new_numbers(connection):
                connection.executemany(
                    "INSERT INTO image (path, split) VALUES (?, ?) ON CONFLICT (path) DO UPDATE "
                    "SET split = excluded.split WHERE excluded.split IS NOT NULL",
                    map(_checked, rows),
                )
            connection.execute("DELETE FROM left_out WHERE path IN (SELECT path FROM image)")
            return self.count() - before

    def remove(self, image_ids: Iterable[int]) -> int:
        """Take images out of the project, with their tags and what is recorded of them; return how many.

        No file is touched. They are remembered, so that they do not come back as new photos; `add` brings them
        back, under another number.
        """
        with self._database.transaction() as connection:
            _remember_last(connection)
            wanted = (json.dumps([int(i) for i in image_ids]),)
            those = "WHERE id IN (SELECT value FROM json_each(?))"
            connection.execute(f"INSERT OR IGNORE INTO left_out (path) SELECT path FROM image {those}", wanted)
            return connection.execute(f"DELETE FROM image {those}", wanted).rowcount

    def count(self, split: str = "") -> int:
        """Return how many images there are. Raises `ProjectError` for a split that is not there."""
        condition, values = self.in_split(split)
        count: int = self._database.value(f"SELECT count(*) FROM image WHERE {condition}", values)
        return count

    def pages(self, split: str = "", size: int = PAGE) -> Iterator[list[ImageInfo]]:
        """Yield lists of up to ``size`` images; each is read when asked for."""
        condition, values = self.in_split(split)
        return keyset_pages(self._database, f"SELECT {COLUMNS} FROM image WHERE {condition}", values, size)

    def iter(self, split: str = "") -> Iterator[ImageInfo]:
        """Yield the images one by one; at most a page of them is in memory."""
        return chain.from_iterable(self.pages(split))

    def with_problem(self) -> Iterator[ImageInfo]:
        """Yield the images that take no part; ``problem`` says why."""
        sql = f"SELECT {COLUMNS} FROM image WHERE problem IS NOT NULL"
        return chain.from_iterable(keyset_pages(self._database, sql, ()))

    def find(self, path: str) -> ImageInfo | None:
        """Return the image with this id, or None."""
        row = self._database.row(f"SELECT {COLUMNS} FROM image WHERE path = ?", (path,))
        return ImageInfo._make(row) if row else None

    def get(self, path: str) -> ImageInfo:
        """Return the image with this id. Raises `ProjectError` if there is none."""
        found = self.find(path)
        if found is None:
            raise ProjectError(
                f"{self._database.name} has no image {shown(path)}: give its path below the image folder"
            )
        return found

    def by_ids(self, image_ids: Sequence[int]) -> list[ImageInfo]:
        """Return the images with these numbers, in their order; those that are not there are left out."""
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM image WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(map(int, image_ids))),),
        )
        found = {row[0]: ImageInfo._make(row) for row in rows}
        return [found[i] for i in image_ids if i in found]

    def spread(self, count: int) -> list[ImageInfo]:
        """Return up to ``count`` images that take part, evenly spread over the project, in order."""
        total = self._database.value("SELECT count(*) FROM image WHERE problem IS NULL")
        sql = (
            f"SELECT {COLUMNS} FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM image "
            "WHERE problem IS NULL) AS image WHERE place * ?1 % ?2 < ?1 ORDER BY id LIMIT ?1"
        )
        return [ImageInfo._make(row) for row in self._database.rows(sql, (count, max(1, total)))]

    def ids_of(self, paths: Sequence[str]) -> dict[str, int]:
        """Return the numbers of a page of images by their ids; those that are not there are left out."""
        rows = self._database.rows(
            "SELECT path, id FROM image WHERE path IN (SELECT value FROM json_each(?))", (json.dumps(paths),)
        )
        return dict(rows)

    def splits(self) -> dict[str, int]:
        """Return how many images each named split has."""
        return dict(
            self._database.rows(
                "SELECT split, count(*) FROM image WHERE split IS NOT NULL GROUP BY split ORDER BY split"
            )
        )

    def set_problem(self, image_id: int, reason: str | None) -> None:
        """Say why an image takes no part, or that it does. Of an image that is no longer there nothing is kept.

        A stage may find one broken that a person removes at that moment, for the same reason.
        """
        with self._database.transaction() as connection:
            connection.execute("UPDATE image SET problem = ? WHERE id = ?", (reason, image_id))

    def set_size(self, image_id: int, width: int, height: int) -> None:
        """Keep an image's size in pixels."""
        self._set(image_id, "width = ?, height = ?", (width, height))

    def set_sizes(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Keep the sizes of many images, (image_id, width, height) each, in one transaction."""
        with self._database.transaction() as connection:
            connection.executemany("UPDATE image SET width = ?2, height = ?3 WHERE id = ?1", rows)

    def set_review(self, image_id: int, review: Review) -> None:
        """Keep what the person decided about an image."""
        if review not in get_args(Review):
            raise ValueError(f"review is {review!r}")
        self._set(image_id, "review = ?", (review,))

    def set_split(self, image_id: int, split: str | None) -> None:
        """Move an image to a split, or out of all."""
        self._set(image_id, "split = ?", (split or None,))

    def in_split(self, split: str) -> tuple[str, Values]:
        """Return an SQL condition on ``image`` and its values.

        Raises `ProjectError`, listing the splits there are, for one that is not.
        """
        if not split:
            return "1", ()
        if not self._database.row("SELECT 1 FROM image WHERE split = ? LIMIT 1", (split,)):
            names = ", ".join(self.splits())
            remedy = f"there are {names}" if names else "its images have no splits, so leave the split out"
            raise ProjectError(f"{self._database.name} has no split {split!r}: {remedy}")
        return "image.split = ?", (split,)

    def _set(self, image_id: int, what: str, values: Values) -> None:
        with self._database.transaction() as connection:
            changed = connection.execute(f"UPDATE image SET {what} WHERE id = ?", (*values, image_id)).rowcount
            if not changed:
                raise ProjectError(f"{self._database.name} has no image number {image_id}: it was removed")


def keyset_pages(database: Database, sql: str, values: Values, size: int = PAGE) -> Iterator[list[ImageInfo]]:
    """Yield pages of a query for `COLUMNS` that ends in a WHERE clause, by ascending image number."""
    last = 0
    while True:
        rows = database.rows(f"{sql} AND image.id > ? ORDER BY image.id LIMIT ?", (*values, last, size))
        if rows:
            yield [ImageInfo._make(row) for row in rows]
        if len(rows) < size:
            return
        last = rows[-1][0]


@contextlib.contextmanager
def _new_numbers(connection: sqlite3.Connection) -> Iterator[None]:
    """Let images that are added in the block have numbers no image ever had: jobs and windows may still hold those."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (_LAST,)).fetchone()
    last = int(row[0]) if row else 0
    if last > _highest(connection):
        connection.execute("INSERT INTO image (id, path) VALUES (?, '')", (last,))
    yield
    connection.execute("DELETE FROM image WHERE path = ''")


def _remember_last(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE "
        "SET value = excluded.value WHERE CAST(excluded.value AS INTEGER) > CAST(setting.value AS INTEGER)",
        (_LAST, str(_highest(connection))),
    )


def _highest(connection: sqlite3.Connection) -> int:
    highest: int = connection.execute("SELECT coalesce(max(id), 0) FROM image").fetchone()[0]
    return highest


def _checked(row: tuple[str, str | None]) -> tuple[str, str | None]:
    path, split = row
    check_image(path)
    return path, split or None
