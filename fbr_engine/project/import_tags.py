"""Images and tags from a table (`import_table`) or from folders named by class (`import_folders`)."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from fbr_engine.errors import ProjectError
from fbr_engine.formats.tags_csv import TagRow, TagTable
from fbr_engine.project.import_folders import LABELS, NOTHING, import_folders
from fbr_engine.project.paths import decode_path, encode_path, find_images, shown
from fbr_engine.project.staging import MOST_NAMED, ImportReport, StagedImage, import_staged

if TYPE_CHECKING:
    from fbr_engine.project.store import Project

__all__ = ["ImportReport", "import_folders", "import_table"]

_MOST_FOLDERS_TRIED = 200


def import_table(project: Project, table: TagTable, classes: Sequence[str] | None = None) -> ImportReport:
    """Add the images a table lists and their tags; images that are not there are reported, not added.

    Every tag of the table is a class, known to be present or absent in each listed image; an image listed without
    tags has none of the classes the project learns, also of those the table never mentions. ``classes`` limits
    what is learnt and gives its order. Other images in the folder are counted. All is added, or nothing.
    Raises `ProjectError`: the table is empty, none of its images is there, a class occurs nowhere, or a tag
    cannot name a class.
    """
    if not table.rows:
        raise ProjectError("the tags file lists no images: write one image a line below its first line")
    folder = project.image_folder
    found, unlisted = _look_up(folder, table.rows)
    missing = [row.image for row in table.rows if row.image not in found]
    if not found:
        raise ProjectError(_none_found(folder, missing))
    staged = (StagedImage(found[row.image], row.split, _class_names(row)) for row in table.rows if row.image in found)
    names = {name for row in table.rows for name in _class_names(row)}
    report = import_staged(project, staged, classes, names)
    dropped = sum(len(_class_names(row)) < len(row.tags) for row in table.rows)
    note = f"the tag background was left out of {dropped} images: it is what belongs to no class"
    return replace(
        report,
        unlisted=unlisted,
        missing_count=len(missing),
        missing=tuple(missing[:MOST_NAMED]),
        notes=(note,) if dropped else (),
    )


def _class_names(row: TagRow) -> tuple[str, ...]:
    return tuple(name for name in row.tags if name.casefold() not in NOTHING)


def _look_up(folder: Path, rows: list[TagRow]) -> tuple[dict[str, str], int]:
    """Return the id of each listed image that is there, by its name in the table; and how many are unlisted.

    Names match exactly, else in Unicode's composed form (disks of Macs decompose), else any existing file
    counts, whatever its ending. A name may also be written as an id (see `fbr_engine.project.paths`).
    """
    listed = {row.image: row.image for row in rows} | {encode_path(row.image): row.image for row in rows}
    found: dict[str, str] = {}
    others: dict[str, str] = {}
    unlisted = 0
    for image in find_images(folder) if folder.is_dir() else ():
        if image in listed:
            found.setdefault(listed[image], image)
            continue
        unlisted += 1
        if not image.isascii():
            others[unicodedata.normalize("NFC", image)] = image
    taken = set(found.values())
    for row in rows:
        if row.image in found:
            continue
        other = others.get(unicodedata.normalize("NFC", row.image))
        if other is not None and other not in taken:
            found[row.image] = other
            taken.add(other)
            unlisted -= 1
        elif (existing := _existing(folder, row.image)) is not None and existing not in taken:
            found[row.image] = existing
            taken.add(existing)
    return found, unlisted


def _existing(folder: Path, name: str) -> str | None:
    try:
        if (folder / name).is_file():
            return encode_path(name)
        return name if (folder / decode_path(name)).is_file() else None
    except (OSError, ValueError):  # longer than a name can be, or a zero byte in it
        return None


def _none_found(folder: Path, missing: list[str]) -> str:
    first = missing[0]
    text = f"none of the {len(missing)} listed images is in {shown(folder)} (the first is {shown(first)}): "
    if not folder.is_dir():
        return text + "there is no such folder, name the one that holds them"
    better = next((other for other in _candidates(folder) if _existing(other, first) is not None), None)
    if better is not None:
        return text + f"try --images {shown(better)}"
    return text + "name the folder its paths start from with --images"


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield folders the person may have meant: those above, those just below, those beside; none named like labels."""
    yield from islice(folder.parents, 4)
    for place in (folder, folder.parent):
        try:
            with os.scandir(place) as entries:
                names = sorted(islice((entry.name for entry in entries if entry.is_dir()), _MOST_FOLDERS_TRIED))
        except OSError:
            continue
        yield from (place / name for name in names if name.lower() not in LABELS)
