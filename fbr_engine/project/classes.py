"""The classes of a project: what a tag names and a mask's pixel value means."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fbr_engine.errors import ProjectError
from fbr_engine.project.database import Database

MAX_CLASSES = 254
BACKGROUND = "background"


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
