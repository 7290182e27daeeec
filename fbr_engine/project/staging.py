"""What an import has in common whatever it reads: images and tag names are staged, then become tags in SQL.

The staged rows lie in temporary tables of the writing connection, so an import of 100,000 images needs little
memory, and its classes get their order once all names are known.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from fbr_engine.errors import ProjectError
from fbr_engine.project.classes import clean_class_name
from fbr_engine.project.tags import SOURCES

if TYPE_CHECKING:
    from fbr_engine.project.store import Project

MOST_NAMED = 20
_CHUNK = 2000

_TABLES = (
    "CREATE TEMP TABLE IF NOT EXISTS staged_image (image_id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS staged_tag (image_id INTEGER, name TEXT, PRIMARY KEY (image_id, name)) "
    "WITHOUT ROWID",
    "CREATE TEMP TABLE IF NOT EXISTS staged_empty (image_id INTEGER PRIMARY KEY)",
    "DELETE FROM temp.staged_image",
    "DELETE FROM temp.staged_tag",
    "DELETE FROM temp.staged_empty",
)
_NOTE_EMPTY = """
    INSERT INTO temp.staged_empty (image_id)
    SELECT tag.image_id FROM tag JOIN class ON class.id = tag.class_id WHERE class.learnt GROUP BY tag.image_id
    HAVING max(tag.value) = 0 AND count(*) = (SELECT count(*) FROM class WHERE learnt)
"""
_KEEP = """
    ON CONFLICT (image_id, class_id) DO UPDATE SET value = excluded.value, source = excluded.source
    WHERE tag.source <> ?2
"""
_WRITE_ABSENT = f"""
    INSERT INTO tag (image_id, class_id, value, source)
    SELECT staged.image_id, class.id, 0, ?1 FROM temp.staged_image AS staged CROSS JOIN class
    WHERE class.id IN (SELECT value FROM json_each(?3)) {_KEEP}
"""
_WRITE_EMPTY = f"""
    INSERT INTO tag (image_id, class_id, value, source)
    SELECT staged.image_id, class.id, 0, ?1 FROM temp.staged_image AS staged CROSS JOIN class
    WHERE class.learnt AND staged.image_id NOT IN (SELECT image_id FROM temp.staged_tag) {_KEEP}
"""
_STAY_EMPTY = f"""
    INSERT INTO tag (image_id, class_id, value, source)
    SELECT staged.image_id, class.id, 0, ?1 FROM temp.staged_empty AS staged CROSS JOIN class
    WHERE class.learnt AND class.id IN (SELECT value FROM json_each(?3)) {_KEEP}
"""
_WRITE_PRESENT = f"""
    INSERT INTO tag (image_id, class_id, value, source)
    SELECT staged.image_id, class.id, 1, ?1 FROM temp.staged_tag AS staged CROSS JOIN class
    WHERE class.name = staged.name {_KEEP}
"""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found.

    ``added``, ``images``: images that are new, and all it names; ``tagged``: those whose tags are known now,
    ``unlisted``: images in the folder the table does not list, ``missing``: the first of the
    ``missing_count`` listed ones that are not there; ``classes``, ``ignored``: in how many images each class
    that is learnt, or only kept, is present; ``splits``: images per split; ``notes``: what the person should
    know, with the remedy.
    """

    added: int
    images: int
    tagged: int
    classes: dict[str, int]
    ignored: dict[str, int]
    splits: dict[str, int]
    unlisted: int = 0
    missing_count: int = 0
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StagedImage:
    """One image: its id, its split, and the names of what is in it (None: nobody knows)."""

    path: str
    split: str | None
    tags: tuple[str, ...] | None


def import_staged(
    project: Project, images: Iterable[StagedImage], wanted: Sequence[str] | None, names: Iterable[str] = ()
) -> ImportReport:
    """Add images with their tags: all of them, or none if anything fails.

    ``wanted`` are the classes to learn, in that order (None: all, by alphabet), ``names`` further classes
    that exist even if no image has them. Of a tagged image, every class of this import is known to be present
    or absent; of one that has none of them, all learnt classes are known to be absent. An image that was confirmed
    empty stays so when classes are added. What a person said before stays. Raises `ProjectError` for a wanted
    class that does not occur.
    """
    with project.database.transaction() as connection:
        for statement in _TABLES:
            connection.execute(statement)
        added = total = 0
        splits: Counter[str] = Counter()
        for chunk in _chunks(images):
            added += _stage(project, connection, chunk)
            total += len(chunk)
            splits.update(image.split for image in chunk if image.split)
        found = {row[0] for row in connection.execute("SELECT DISTINCT name FROM temp.staged_tag")}
        found |= {clean_class_name(name) for name in names}
        learnt = _learnt_names(project.database.name, found, wanted)
        kept = sorted(found.difference(learnt))
        before = project.classes.by_name()
        if before and not found <= before.keys():
            connection.execute(_NOTE_EMPTY)
        project.classes.add(learnt)
        project.classes.add(kept, learnt=False)
        if wanted is not None:
            project.classes.set_learnt(learnt)
            project.classes.set_order(learnt)
        ids = {one.name: one.id for one in project.classes.add([*learnt, *kept])}
        sources = (SOURCES["import"], SOURCES["person"])
        connection.execute(
            _STAY_EMPTY, (*sources, json.dumps([one for name, one in ids.items() if name not in before]))
        )
        connection.execute(_WRITE_ABSENT, (*sources, json.dumps(list(ids.values()))))
        connection.execute(_WRITE_EMPTY, sources)
        connection.execute(_WRITE_PRESENT, sources)
        tagged = connection.execute("SELECT count(*) FROM temp.staged_image").fetchone()[0]
        counts = dict(connection.execute("SELECT name, count(*) FROM temp.staged_tag GROUP BY name").fetchall())
        for statement in _TABLES[3:]:
            connection.execute(statement)
    return ImportReport(
        added=added,
        images=total,
        tagged=tagged if found else 0,
        classes={name: counts.get(name, 0) for name in learnt},
        ignored={name: counts.get(name, 0) for name in kept},
        splits=dict(sorted(splits.items())),
    )


def _stage(project: Project, connection: sqlite3.Connection, chunk: list[StagedImage]) -> int:
    added = project.images.add_rows((image.path, image.split) for image in chunk)
    ids = project.images.ids_of([image.path for image in chunk])
    tagged = [(ids[image.path], image.tags) for image in chunk if image.tags is not None]
    connection.executemany(
        "INSERT OR IGNORE INTO temp.staged_image (image_id) VALUES (?)",
        [(image_id,) for image_id, _ in tagged],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO temp.staged_tag (image_id, name) VALUES (?, ?)",
        [(image_id, clean_class_name(name)) for image_id, names in tagged for name in names],
    )
    return added


def _learnt_names(project: str, found: set[str], wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return sorted(found)
    learnt = list(dict.fromkeys(clean_class_name(name) for name in wanted))
    unknown = [name for name in learnt if name not in found]
    if unknown:
        there = sorted(found)
        listed = ", ".join(there[:50]) + (", ..." if len(there) > 50 else "")
        remedy = f"there are {listed}" if there else "there are no tags at all"
        raise ProjectError(f"no image of {project} is tagged {', '.join(unknown)}: {remedy}")
    return learnt


def _chunks(images: Iterable[StagedImage]) -> Iterator[list[StagedImage]]:
    iterator = iter(images)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
