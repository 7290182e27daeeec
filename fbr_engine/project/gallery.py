"""What a grid of images shows: which images, in which order, and a few facts about each, by SQL alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from fbr_engine.project.classes import Classes
from fbr_engine.project.database import Database

State = Literal["all", "untagged", "tagged", "empty", "accepted", "rejected", "new", "problem", "corrected"]
Order = Literal["added", "name", "name_desc", "recent"]

_BY_NAME = "SELECT id FROM image ORDER BY path COLLATE NOCASE, path"


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images are wanted; every part narrows them further.

    ``text`` occurs in the path, in any case; ``split`` is one by name ("" for any). Of the classes ``present``
    all must be in the image, of the classes ``unknown`` nothing may be known. ``state``: "untagged" has no known
    tag of a learnt class, "tagged" has one, "empty" is confirmed empty (every learnt class is absent), "corrected"
    has a person's mask, "problem" takes no part; the others are the review.
    """

    text: str = ""
    split: str = ""
    present: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    state: State = "all"


class GalleryRow(NamedTuple):
    """One cell: ``present`` are class ids in the classes' order, ``known`` counts known tags of learnt classes."""

    id: int
    path: str
    review: str
    problem: str | None
    split: str | None
    present: tuple[int, ...]
    known: int
    corrected: bool


class Gallery:
    """The images of one project, filtered and ordered; made for 100,000 of them."""

    def __init__(self, database: Database, classes: Classes) -> None:
        self._database = database
        self._classes = classes

    def ids(self, wanted: ImageFilter, order: Order = "added") -> NDArray[np.int64]:
        """Return the numbers of the images that pass, in order: int64 (N,).

        "recent" puts those added last first; names are ordered without regard to case.
        """
        condition, values = self._condition(wanted)
        found = self._numbers(f"SELECT image.id FROM image WHERE {condition} ORDER BY image.id", values)
        if order in ("name", "name_desc"):
            # The index gives all names in order at once; sorting those that pass in SQL takes far longer.
            by_name = self._numbers(_BY_NAME)
            found = by_name[np.isin(by_name, found, assume_unique=True)]
        return found[::-1].copy() if order in ("recent", "name_desc") else found

    def cells(self, ids: Sequence[int] | NDArray[np.int64]) -> list[GalleryRow]:
        """Return what a page of images shows, in the order of ``ids``; those that were removed are left out."""
        wanted = [int(i) for i in ids]
        text = (json.dumps(wanted),)
        rows = self._database.rows(
            "SELECT image.id, path, review, problem, split, "
            "EXISTS (SELECT 1 FROM person_mask WHERE image_id = image.id) "
            "FROM image WHERE id IN (SELECT value FROM json_each(?))",
            text,
        )
        present: defaultdict[int, list[int]] = defaultdict(list)
        known: defaultdict[int, int] = defaultdict(int)
        tags = self._database.rows(
            "SELECT tag.image_id, tag.class_id, tag.value, class.learnt FROM tag JOIN class ON class.id = tag.class_id "
            "WHERE tag.image_id IN (SELECT value FROM json_each(?)) ORDER BY class.position, class.id",
            text,
        )
        for image_id, class_id, value, learnt in tags:
            known[image_id] += learnt
            if value:
                present[image_id].append(class_id)
        found = {
            id_: GalleryRow(id_, path, review, problem, split, tuple(present[id_]), known[id_], bool(corrected))
            for id_, path, review, problem, split, corrected in rows
        }
        return [found[i] for i in wanted if i in found]

    def tag_counts(self, wanted: ImageFilter) -> dict[int, int]:
        """Return in how many of the images that pass each class is present, by class id, in the classes' order."""
        if wanted == ImageFilter():
            sql = "SELECT class_id, count(*) FROM tag WHERE value = 1 GROUP BY class_id"
            counts: dict[int, int] = dict(self._database.rows(sql))
        else:  # a join of two large sets takes SQLite several times as long as reading both
            rows = self._numbers("SELECT class_id, image_id FROM tag WHERE value = 1").reshape(-1, 2)
            passed = rows[np.isin(rows[:, 1], self.ids(wanted)), 0]
            counts = dict(enumerate(np.bincount(passed).tolist()))
        return {found.id: counts.get(found.id, 0) for found in self._classes.all()}

    def review_counts(self) -> dict[str, int]:
        """Return how many images are "new", "accepted" and "rejected", and "all"; far quicker than `state_counts`."""
        reviews: dict[str, int] = dict(self._database.rows("SELECT review, count(*) FROM image GROUP BY review"))
        counts = {state: reviews.get(state, 0) for state in ("new", "accepted", "rejected")}
        return {**counts, "all": sum(counts.values())}

    def state_counts(self) -> dict[str, int]:
        """Return how many images each state of `ImageFilter` has."""
        counts = self.review_counts()
        others: tuple[State, ...] = ("untagged", "empty", "problem", "corrected")
        for state in others:
            counts[state] = self._database.value(f"SELECT count(*) FROM image WHERE {self._in_state(state)}")
        counts["tagged"] = counts["all"] - counts["untagged"]
        return {state: counts[state] for state in get_args(State)}

    def _numbers(self, sql: str, values: Sequence[Any] = ()) -> NDArray[np.int64]:
        rows = self._database.rows(sql, values)
        return np.fromiter(chain.from_iterable(rows), np.int64)

    def _condition(self, wanted: ImageFilter) -> tuple[str, tuple[Any, ...]]:
        """Return an SQL condition on ``image`` and its values."""
        parts: list[str] = []
        values: list[Any] = []
        if wanted.text.isascii() and wanted.text:
            parts.append(r"image.path LIKE ? ESCAPE '\'")
            values.append(f"%{_literal(wanted.text)}%")
        elif wanted.text:
            parts.append("instr(folded(image.path), folded(?))")
            values.append(wanted.text)
        if wanted.split:
            parts.append("image.split = ?")
            values.append(wanted.split)
        for class_id in wanted.present:
            parts.append("image.id IN (SELECT image_id FROM tag WHERE class_id = ? AND value = 1)")
            values.append(int(class_id))
        for class_id in wanted.unknown:
            parts.append("NOT EXISTS (SELECT 1 FROM tag WHERE tag.image_id = image.id AND tag.class_id = ?)")
            values.append(int(class_id))
        if wanted.state != "all":
            parts.append(self._in_state(wanted.state))
        return " AND ".join(parts) or "1", tuple(values)

    def _in_state(self, state: State) -> str:
        if state in ("new", "accepted", "rejected"):
            return f"image.review = '{state}'"
        if state == "problem":
            return "image.problem IS NOT NULL"
        if state == "corrected":
            return "image.id IN (SELECT image_id FROM person_mask)"
        learnt = [found.id for found in self._classes.learnt()]
        listed = ",".join(map(str, learnt))
        # "+" again: the few tags of an image lie together, looking each class up would take longer.
        of_image = f"SELECT 1 FROM tag WHERE tag.image_id = image.id AND +tag.class_id IN ({listed})"
        if state == "untagged":
            return f"NOT EXISTS ({of_image})"
        if state == "tagged":
            return f"EXISTS ({of_image})"
        if not learnt:
            return "0"
        # Any class present rules out most images by an index; only the rest need to be counted.
        some = f"SELECT image_id FROM tag WHERE class_id IN ({listed}) AND value = 1"
        absent = of_image.replace("1", "count(*)", 1)
        return f"image.id NOT IN ({some}) AND ({absent}) = {len(learnt)}"


def _literal(text: str) -> str:
    """Return ``text`` for LIKE, each of its characters meaning itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
