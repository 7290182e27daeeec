"""The classes of a project: what a tag names and a mask's pixel value means."""

from __future__ import annotations

import contextlib
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fbr_engine.errors import ProjectError
from fbr_engine.project.database import Database

MAX_CLASSES = 254
BACKGROUND = "background"

_UNITE_TAGS = """
    INSERT INTO tag (image_id, class_id, value, source)
    SELECT image_id, ?1, value, source FROM tag WHERE class_id = ?2
    ON CONFLICT (image_id, class_id) DO UPDATE SET
        source = CASE
            WHEN excluded.value > tag.value THEN excluded.source
            WHEN excluded.value = tag.value THEN min(excluded.source, tag.source)
            ELSE tag.source END,
        value = max(excluded.value, tag.value)
"""

# What is part of one of two classes that become one is no background of the other.
_SETTLE_JUDGEMENTS = """
    UPDATE judgement SET withdrawn = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')
    WHERE withdrawn IS NULL AND verdict = 'background' AND class_id IN (?1, ?2) AND EXISTS (
        SELECT 1 FROM judgement AS other
        WHERE other.withdrawn IS NULL AND other.verdict = 'object' AND other.class_id IN (?1, ?2)
        AND other.class_id <> judgement.class_id AND other.run_id IS judgement.run_id
        AND other.concept = judgement.concept AND other.exemplars = judgement.exemplars)
"""


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class: ``id`` is its pixel value (1..254, never used again), ``position`` its place from 0."""

    id: int
    name: str
    position: int
    learnt: bool


class Classes:
    """The classes of one project, in their order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[ClassInfo]:
        """Return every class."""
        return self._select()

    def learnt(self) -> list[ClassInfo]:
        """Return the classes that take part in training; tags of the others are kept only."""
        return self._select("WHERE learnt")

    def by_name(self) -> dict[str, ClassInfo]:
        """Return every class under its name."""
        return {found.name: found for found in self.all()}

    def get(self, name: str) -> ClassInfo:
        """Return the class ``name``. Raises `ProjectError`, listing the classes there are."""
        known = self.by_name()
        found = known.get(clean_class_name(name))
        if found is None:
            raise ProjectError(f"{self._database.name} has no class {name!r}: {_listed(known)}")
        return found

    def aliases(self) -> dict[int, int]:
        """Return what the pixel ids of classes that were merged or deleted (0) mean today."""
        return dict(self._database.rows("SELECT old_id, new_id FROM class_alias"))

    def lookup(self) -> NDArray[np.uint8]:
        """Return today's pixel id for each of the 256 values a stored mask may hold."""
        table = np.arange(256, dtype=np.uint8)
        for old, new in self.aliases().items():
            table[old] = new
        return table

    def add(self, names: Iterable[str], learnt: bool = True) -> list[ClassInfo]:
        """Add the names that are new, behind the others, and return the classes of all ``names``.

        A class that is there stays as it is. Raises `ProjectError` for a name no class can have and when
        there would be more than 254 (pixel values are never used again).
        """
        wanted = list(dict.fromkeys(clean_class_name(name) for name in names))
        with self._database.transaction() as connection:
            known = self.by_name()
            position = max((found.position for found in known.values()), default=-1) + 1
            new = [name for name in wanted if name not in known]
            self._check_room(connection, len(new))
            connection.executemany(
                "INSERT INTO class (name, position, learnt) VALUES (?, ?, ?)",
                [(name, position + i, int(learnt)) for i, name in enumerate(new)],
            )
            known = self.by_name()
        return [known[name] for name in wanted]

    def set_learnt(self, names: Iterable[str]) -> None:
        """Make exactly ``names`` the classes that are learnt. Raises `ProjectError` for an unknown one."""
        with self._database.transaction() as connection:
            ids = [(self.get(name).id,) for name in names]
            connection.execute("UPDATE class SET learnt = 0")
            connection.executemany("UPDATE class SET learnt = 1 WHERE id = ?", ids)

    def set_order(self, names: Iterable[str]) -> None:
        """Put ``names`` first, in this order; the others follow in theirs. Pixel values stay as they are."""
        with self._database.transaction() as connection:
            first = list(dict.fromkeys(self.get(name).id for name in names))
            order = first + [found.id for found in self.all() if found.id not in first]
            connection.executemany("UPDATE class SET position = ? WHERE id = ?", list(enumerate(order)))

    def rename(self, name: str, new: str) -> ClassInfo:
        """Give the class ``name`` another name and return it; its pixel value, tags and masks stay.

        Raises `ProjectError` for a name no class can have, and for one that another class has.
        """
        with self._database.transaction() as connection:
            found, wanted = self.get(name), clean_class_name(new)
            other = self.by_name().get(wanted)
            if other is not None and other.id != found.id:
                raise ProjectError(f"{self._database.name} has a class {wanted!r} already: merge the two instead")
            connection.execute("UPDATE class SET name = ? WHERE id = ?", (wanted, found.id))
        return self.get(wanted)

    def merge(self, name: str, into: str) -> ClassInfo:
        """Make the class ``name`` part of the class ``into``, and return that one.

        Of two tags of an image, present wins over absent, and either over unknown. Judgements of either class are of
        ``into``; where one concept was part of the one and background for the other, the latter is taken back. Masks
        stay as they are on the disk: the value of ``name`` is read as that of ``into`` from now on, and never used
        again. Raises `ProjectError`.
        """
        with self._database.transaction() as connection:
            old, kept = self.get(name), self.get(into)
            if old.id == kept.id:
                raise ProjectError(f"class {old.name!r} cannot be merged into itself: name another class")
            with _masks_kept(connection):
                connection.execute(_UNITE_TAGS, (kept.id, old.id))
                connection.execute(_SETTLE_JUDGEMENTS, (kept.id, old.id))
                connection.execute("UPDATE judgement SET class_id = ? WHERE class_id = ?", (kept.id, old.id))
                self._remove(connection, old.id, kept.id)
        return kept

    def delete(self, name: str) -> None:
        """Remove the class ``name``, its tags and judgements; in masks its value is read as background from now on.

        Raises `ProjectError` if there is none.
        """
        with self._database.transaction() as connection, _masks_kept(connection):
            self._remove(connection, self.get(name).id, 0)

    def _remove(self, connection: sqlite3.Connection, old_id: int, new_id: int) -> None:
        connection.execute("DELETE FROM class WHERE id = ?", (old_id,))
        connection.execute("UPDATE class_alias SET new_id = ? WHERE new_id = ?", (new_id, old_id))
        connection.execute("INSERT INTO class_alias (old_id, new_id) VALUES (?, ?)", (old_id, new_id))

    def _select(self, where: str = "") -> list[ClassInfo]:
        rows = self._database.rows(f"SELECT id, name, position, learnt FROM class {where} ORDER BY position, id")
        return [ClassInfo(id_, name, position, bool(learnt)) for id_, name, position, learnt in rows]

    def _check_room(self, connection: sqlite3.Connection, more: int) -> None:
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'class'").fetchone()
        used = last[0] if last else 0
        if used + more > MAX_CLASSES:
            raise ProjectError(
                f"{self._database.name} would have {used + more} classes, but a mask holds {MAX_CLASSES}: "
                "merge tags, or name fewer classes"
            )


@contextlib.contextmanager
def _masks_kept(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep the records of masks although tags change: their pixels are right once the class is looked up."""
    connection.execute("CREATE TEMP TABLE kept_map AS SELECT * FROM map WHERE kind = 'masks'")
    yield
    connection.execute("INSERT OR IGNORE INTO map SELECT * FROM temp.kept_map")
    connection.execute("DROP TABLE temp.kept_map")


@lru_cache(maxsize=1000)
def clean_class_name(name: str) -> str:
    """Return ``name`` without spaces around it, in Unicode's composed form.

    Raises `ProjectError` if no class can be named so: empty, "background", longer than 200 characters, with
    ``;`` or a character that does not print in it, or beginning with ``:`` or ``,``, which ``classes.txt``
    has behind the value.
    """
    clean = unicodedata.normalize("NFC", name.strip())
    if not clean:
        raise ProjectError("a class has an empty name: give it one")
    if clean.casefold() == BACKGROUND:
        raise ProjectError("a class cannot be named background, that is what belongs to no class: choose another name")
    if ";" in clean or not clean.isprintable():
        raise ProjectError(f"a class cannot be named {clean!r}: leave out ';' and control characters")
    if clean[0] in ":,":
        raise ProjectError(f"a class cannot be named {clean!r}: it may not begin with ':' or ',', rename it")
    if len(clean) > 200:
        raise ProjectError(f"a class cannot have a name of {len(clean)} characters: shorten {clean[:30]!r}...")
    return clean


def _listed(known: Iterable[str]) -> str:
    names = list(known)
    if not names:
        return "it has no classes yet"
    return f"there are {', '.join(names[:30])}{', ...' if len(names) > 30 else ''}"
