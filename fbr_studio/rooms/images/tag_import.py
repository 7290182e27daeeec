"""Tags from a table into the open project: what is there stays, what a person said counts more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fbr_engine.formats.tags_csv import load_tags_csv
from fbr_engine.project import ImportReport, Project, import_table
from fbr_engine.project.tags import SOURCES
from fbr_studio.rooms.images.tag_history import TagEdit
from fbr_studio.rooms.images.tag_rules import Known, changes
from fbr_studio.state.session import TagRow
from fbr_studio.widgets.formatting import count, counted

MOST_UNDOABLE = 20_000  # tags
_MOST_COMPARED = 2_000_000  # tags looked at to find what an import changed


@dataclass(frozen=True, slots=True)
class TagImport:
    """What an import changed; ``new_classes`` were not there before.

    ``edit`` takes its tags back, None where it changed more than `MOST_UNDOABLE`. Images and classes stay then.
    """

    path: Path
    report: ImportReport
    new_classes: tuple[str, ...]
    edit: TagEdit | None = None


def import_tags(project: Project, path: Path) -> TagImport:
    """Add the images and tags of the table at ``path``; all of it or nothing. Raises `FbrError`."""
    table = load_tags_csv(path)
    images = _images(project)
    old = [found.id for found in project.classes.all()]
    before = project.tags.matrix(images, old) if _few(images, old) else None
    report = import_table(project, table)
    new = [found for found in project.classes.all() if found.id not in old]
    edit = None if before is None else _edit(project, path, images, old + [found.id for found in new], before)
    return TagImport(path, report, tuple(found.name for found in new), edit)


def _images(project: Project) -> list[int]:
    return [row[0] for row in project.database.rows("SELECT id FROM image ORDER BY id")]


def _few(images: Sequence[int], classes: Sequence[object]) -> bool:
    return len(images) * max(1, len(classes)) <= _MOST_COMPARED


def _edit(project: Project, path: Path, known: list[int], classes: list[int], before: Known) -> TagEdit | None:
    """Return what was changed since ``before``, the tags of the ``known`` images and the first of the classes."""
    images = known + [image for image in _images(project) if image > max(known, default=0)]
    if not _few(images, classes):
        return None
    was = np.full((len(images), len(classes)), -1, np.int8)
    was[: before.shape[0], : before.shape[1]] = before
    now = project.tags.matrix(images, classes)
    after = changes(images, classes, was, now)
    if len(after) > MOST_UNDOABLE:
        return None
    after = _imported(project, after)
    row_of, column_of = ({key: place for place, key in enumerate(keys)} for keys in (images, classes))
    values = [int(was[row_of[image], column_of[class_id]]) for image, class_id, _ in after]
    back = [
        (image, class_id, None if old < 0 else old) for (image, class_id, _), old in zip(after, values, strict=True)
    ]
    text = f"tags of {path.name}, {counted(len({row[0] for row in after}), 'image')}"
    return TagEdit(text, tuple(back), tuple(after))


def _imported(project: Project, rows: list[TagRow]) -> list[TagRow]:
    """Return the rows without those that a person changed during the import."""
    found = set(
        project.database.rows(
            "SELECT image_id, class_id FROM tag WHERE source = ? AND image_id IN (SELECT value FROM json_each(?))",
            (SOURCES["import"], json.dumps(sorted({row[0] for row in rows}))),
        )
    )
    return [row for row in rows if row[:2] in found]


def sentences(done: TagImport) -> str:
    """Return the report in words."""
    report = done.report
    parts = [f"{done.path.name}: {counted(report.tagged, 'image')} tagged"]
    if report.added:
        parts.append(f"{counted(report.added, 'image')} added")
    text = ", ".join(parts) + "."
    if done.new_classes:
        names = ", ".join(done.new_classes[:6]) + (", ..." if len(done.new_classes) > 6 else "")
        text += f" New {'class' if len(done.new_classes) == 1 else 'classes'}: {names}."
    if report.missing_count:
        verb = "is" if report.missing_count == 1 else "are"
        listed = counted(report.missing_count, "listed image")
        text += f" {listed} {verb} not in the image folder (the first is {report.missing[0]})."
    if report.unlisted:
        text += f" {count(report.unlisted)} in the folder {'is' if report.unlisted == 1 else 'are'} not listed."
    return " ".join([text, *(f"{note[0].upper()}{note[1:]}." for note in report.notes)])
