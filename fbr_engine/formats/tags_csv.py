"""Which image carries which tags, as a table: ``image,split,tags``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import write_atomically
from fbr_engine.formats.reading import read_text

_EXAMPLE = "the first line must be 'image,tags' or 'image,split,tags'"


@dataclass(frozen=True, slots=True)
class TagRow:
    """One image: its relative POSIX path, its split (None: not given), all its tags and its (first) line.

    No tags means that none of the classes is in the image.
    """

    image: str
    split: str | None
    tags: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class TagTable:
    """The rows of a table in the file's order, one per image; ``has_split``: it has a column split."""

    rows: list[TagRow]
    has_split: bool


@dataclass(frozen=True, slots=True)
class _Columns:
    image: int
    tags: int
    split: int | None
    count: int


def load_tags_csv(path: Path) -> TagTable:
    """Read a table with the columns image, tags and, if there, split, in any order; others are ignored.

    Tags are separated by ``;`` if any cell of the tags column holds one, else by white space. Backslashes in
    image paths become ``/`` and ``./`` is removed. An image that comes twice in one split has the tags
    of both rows.

    Raises `ReadError`, with the line: not UTF-8, a missing column (naming those found), a row with too few or
    too many cells, a path that leaves the image folder, an image in two splits.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    cells = _numbered_rows(path, reader)
    columns = _find_columns(path, next(cells, (1, []))[1])
    rows = [_parse_row(path, line, row, columns) for line, row in cells]
    by_semicolon = any(";" in tags for _, tags in rows)
    merged: dict[str, TagRow] = {}
    for row, text in rows:
        tagged = replace(row, tags=_split_tags(text, by_semicolon))
        earlier = merged.get(row.image)
        merged[row.image] = tagged if earlier is None else _unite(path, earlier, tagged)
    return TagTable(list(merged.values()), columns.split is not None)


def save_tags_csv(path: Path, rows: Iterable[TagRow]) -> None:
    """Write ``rows`` so that `load_tags_csv` gives the same images, splits and tags, in one step.

    The split column is left out if no row has a split. Raises `WriteError`, and ValueError for what a table
    cannot hold: tags that are empty, hold ``;`` or have spaces around them, line ends, paths that are not
    clean, an image that comes twice.
    """
    rows = list(rows)
    _check_rows(rows)
    by_semicolon = any(len(tag.split()) > 1 for row in rows for tag in row.tags)
    has_split = any(row.split is not None for row in rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "split", "tags"] if has_split else ["image", "tags"])
    for row in rows:
        split = [row.split or ""] if has_split else []
        writer.writerow([row.image, *split, _join_tags(row.tags, by_semicolon)])
    write_atomically(path, text.getvalue().encode())


def clean_image_path(text: str) -> str | None:
    """Return ``text`` as a relative POSIX path without ``.`` parts; None if it is empty or leaves its folder.

    Parts of only dots and spaces are refused too: Windows takes ``.. `` for ``..``.
    """
    posix = text.strip().replace("\\", "/")
    parts = [part for part in posix.split("/") if part not in ("", ".")]
    if posix.startswith("/") or re.match(r"[A-Za-z]:", posix) or not all(part.strip(". ") for part in parts):
        return None
    return "/".join(parts) or None


def _numbered_rows(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line and the cells of each row that is not blank."""
    line = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ReadError(
                f"{path}, line {line}: no valid CSV from here on ({error}): check its quotation marks"
            ) from error
        if any(cell.strip() for cell in row):
            yield line, row
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _find_columns(path: Path, header: list[str]) -> _Columns:
    if not header:
        raise ReadError(f"{path} is empty: {_EXAMPLE}")
    names = [cell.strip().casefold() for cell in header]
    if missing := [name for name in ("image", "tags") if name not in names]:
        found = ", ".join(repr(cell[:40]) for cell in header[:20])
        hint = "its cells must be separated by commas, and " if re.search("[;\t]", "".join(header)) else ""
        raise ReadError(f"{path} has no column {' and '.join(missing)}, only {found}: {hint}{_EXAMPLE}")
    for name in ("image", "split", "tags"):
        if names.count(name) > 1:
            raise ReadError(f"{path} has {names.count(name)} columns {name}: leave one")
    split = names.index("split") if "split" in names else None
    return _Columns(names.index("image"), names.index("tags"), split, len(names))


def _parse_row(path: Path, line: int, row: list[str], columns: _Columns) -> tuple[TagRow, str]:
    """Return the row without tags, and the text of its tags."""
    if len(row) <= max(columns.image, columns.tags, columns.split or 0):
        raise ReadError(
            f"{path}, line {line}: {len(row)} cells where the first line has {columns.count}: "
            "is the file cut off? An image without tags ends in an empty cell"
        )
    if any(cell.strip() for cell in row[columns.count :]):
        raise ReadError(
            f"{path}, line {line}: {len(row)} cells where the first line has {columns.count}: "
            "separate tags by ';' or spaces, and put quotation marks around a cell that holds a comma"
        )
    image = clean_image_path(row[columns.image])
    if image is None:
        raise ReadError(
            f"{path}, line {line}: {row[columns.image]!r} is no path inside the image folder: "
            "write it relative to that folder, without '..'"
        )
    split = row[columns.split].strip() if columns.split is not None else ""
    return TagRow(image, split or None, (), line), row[columns.tags]


def _split_tags(text: str, by_semicolon: bool) -> tuple[str, ...]:
    parts = (part.strip() for part in text.split(";")) if by_semicolon else text.split()
    return tuple(dict.fromkeys(part for part in parts if part))


def _join_tags(tags: tuple[str, ...], by_semicolon: bool) -> str:
    """Join tags; a lone tag with a space ends in ``;``, so that at least one stands in the file."""
    if by_semicolon and len(tags) == 1 and len(tags[0].split()) > 1:
        return f"{tags[0]};"
    return (";" if by_semicolon else " ").join(tags)


def _unite(path: Path, first: TagRow, second: TagRow) -> TagRow:
    if first.split != second.split:
        raise ReadError(
            f"{path}, lines {first.line} and {second.line}: {first.image!r} is in two splits "
            f"({first.split or 'none'}, {second.split or 'none'}): leave it in one"
        )
    return replace(first, tags=tuple(dict.fromkeys(first.tags + second.tags)))


def _check_rows(rows: list[TagRow]) -> None:
    seen: set[str] = set()
    for row in rows:
        if clean_image_path(row.image) != row.image or row.image in seen:
            raise ValueError(f"{row.image!r} is no clean relative path or comes twice")
        seen.add(row.image)
        if row.split is not None and (not row.split or row.split != row.split.strip()):
            raise ValueError(f"{row.split!r} cannot be a split")
        if len(set(row.tags)) < len(row.tags):
            raise ValueError(f"{row.image!r} has a tag twice")
        for tag in row.tags:
            if not tag or tag != tag.strip() or ";" in tag:
                raise ValueError(f"{tag!r} cannot be a tag")
        if re.search(r"[\r\n\0]", "".join((row.image, row.split or "", *row.tags))):
            raise ValueError(f"{row.image!r}: a line end or zero byte cannot be written")
