"""Judgements: what a person said about a concept, kept by verdict, class and exemplar pixels; and names of concepts.

The exemplar pixels bind a judgement to the concepts of later runs. One that is taken back stays, marked as withdrawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fbr_engine.config import VERDICTS
from fbr_engine.errors import ProjectError
from fbr_engine.formats.rle import decode_rle, encode_rle
from fbr_engine.project.database import Database, Row

_LONGEST_NAME = 200
_LARGEST_SIDE = 4096  # of a plane of exemplar pixels: a project may come from anybody
_SELECT = (
    "SELECT judgement.id, judgement.created, judgement.who, judgement.verdict, judgement.class_id, run.name, "
    "judgement.run_id, judgement.concept, judgement.withdrawn, judgement.exemplars "
    "FROM judgement LEFT JOIN run ON run.id = judgement.run_id"
)


class ExemplarPixels(NamedTuple):
    """An image and its pixels a judgement is about: h x w bool on the feature grid of the run that was judged."""

    image_id: int
    pixels: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What ``who`` said when (``created``, ISO 8601 in UTC) about ``concept`` of ``run`` (None: it was deleted).

    ``verdict``: one of `VERDICTS`, for one class or, without ``class_id``, for every class. ``withdrawn``: when it was
    taken back, None while it stands.
    """

    id: int
    created: str
    who: str
    verdict: str
    class_id: int | None
    run: str | None
    run_id: int | None
    concept: int
    withdrawn: str | None
    _exemplars: str = field(repr=False, compare=False)

    @property
    def about(self) -> tuple[int | None, int, str]:
        """What tells whether two judgements are about the same concept; its number alone may be used again."""
        return self.run_id, self.concept, self._exemplars

    def exemplars(self) -> list[ExemplarPixels]:
        """Return the pixels it is about. Raises `ProjectError` when what is stored is broken."""
        try:
            return [
                ExemplarPixels(int(e["image"]), _decoded(e["size"], e["counts"])) for e in json.loads(self._exemplars)
            ]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ProjectError(
                f"judgement {self.id} is recorded with broken pixels ({error}): take it back and judge again"
            ) from error


class Judgements:
    """The judgements of one project, oldest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        verdict: str,
        class_id: int | None,
        run_id: int,
        concept: int,
        exemplars: Iterable[tuple[int, NDArray[np.bool_]]],
        who: str,
    ) -> Judgement:
        """Keep a judgement and return it; ``exemplars``: image numbers, each with its h x w bool pixels.

        ``class_id`` None means every class. Raises ValueError for a verdict that is none, `ProjectError` for a class or
        a run that is not there.
        """
        if verdict not in VERDICTS:
            raise ValueError(f"verdict is {verdict!r}")
        who = "".join(filter(str.isprintable, who))[:_LONGEST_NAME]
        stored = json.dumps([{"image": int(i)} | encode_rle(pixels) for i, pixels in exemplars])
        with self._database.transaction() as connection:
            made = connection.execute(
                "INSERT INTO judgement (created, who, verdict, class_id, run_id, concept, exemplars) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_now(), who, verdict, class_id, run_id, int(concept), stored),
            )
            return self.get(int(made.lastrowid or 0))

    def all(self, standing: bool = True) -> list[Judgement]:
        """Return those that stand, or, with ``standing`` False, also those that were taken back."""
        where = " WHERE withdrawn IS NULL" if standing else ""
        return [_judgement(row) for row in self._database.rows(f"{_SELECT}{where} ORDER BY judgement.id")]

    def get(self, judgement_id: int) -> Judgement:
        """Return one. Raises `ProjectError`, naming the remedy, if there is none."""
        row = self._database.row(f"{_SELECT} WHERE judgement.id = ?", (int(judgement_id),))
        if row is None:
            raise ProjectError(
                f"{self._database.name} has no judgement {judgement_id}: "
                "fbr-engine judgements PROJECT lists them with their numbers"
            )
        return _judgement(row)

    def withdraw(self, judgement_id: int) -> Judgement:
        """Take a judgement back and return it; one that was taken back stays so. Raises `ProjectError`."""
        return self._set_withdrawn(judgement_id, _now())

    def restore(self, judgement_id: int) -> Judgement:
        """Let a judgement that was taken back stand again, and return it. Raises `ProjectError`."""
        return self._set_withdrawn(judgement_id, None)

    def name(self, run_id: int, concept: int, name: str) -> str:
        """Give a concept of a run a name, or with an empty one none; return it without superfluous spaces.

        Raises `ProjectError` for one that is too long or does not print.
        """
        clean = " ".join(name.split())
        if len(clean) > _LONGEST_NAME or not clean.isprintable():
            raise ProjectError(
                f"a concept cannot be named {clean[:30]!r}: take up to {_LONGEST_NAME} characters that can be printed"
            )
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM concept_name WHERE run_id = ? AND concept = ?", (run_id, int(concept)))
            if clean:
                connection.execute("INSERT INTO concept_name VALUES (?, ?, ?)", (run_id, int(concept), clean))
        return clean

    def names(self, run_id: int) -> dict[int, str]:
        """Return the names that concepts of a run were given, by concept."""
        return dict(self._database.rows("SELECT concept, name FROM concept_name WHERE run_id = ?", (run_id,)))

    def _set_withdrawn(self, judgement_id: int, when: str | None) -> Judgement:
        with self._database.transaction() as connection:
            found = self.get(judgement_id)
            if (found.withdrawn is None) != (when is None):
                connection.execute("UPDATE judgement SET withdrawn = ? WHERE id = ?", (when, found.id))
            return self.get(judgement_id)


def _judgement(row: Row) -> Judgement:
    return Judgement(*row)


def _decoded(size: list[int], counts: str) -> NDArray[np.bool_]:
    if len(size) != 2 or max(size) > _LARGEST_SIDE:
        raise ValueError(f"a plane of {size} pixels")
    return decode_rle(size, counts)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
