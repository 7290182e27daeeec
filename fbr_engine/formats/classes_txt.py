"""Class names by mask value in a small text file that lies beside masks (``classes.txt``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import write_atomically
from fbr_engine.formats.reading import read_text

_VALUED = re.compile(r"([+-]?[0-9]+)(?:\s*[:,]\s*|\s+|$)(.*)")
_LINE_END = re.compile(r"\r\n|\r|\n")


def load_classes_txt(path: Path) -> dict[int, str]:
    """Return the class names of ``path`` by value (0 to 255), in the file's order.

    Lines are ``VALUE NAME``, ``VALUE: NAME`` or ``VALUE,NAME``; or all are plain names, which count from 0 if
    the first is background (also ``_background_``) and from 1 if not; labelme's leading ``__ignore__`` is
    passed over. Names may hold spaces. Blank lines and lines that begin with ``#`` are ignored.

    Raises `ReadError`, with the line, for a value outside 0 to 255, a value or name that comes twice, a
    missing name, and a mixture of both forms.
    """
    lines = _content(read_text(path))
    if not lines:
        raise ReadError(f"{path} lists no class: write one 'VALUE NAME' per line, such as '0 background'")
    valued = _VALUED.fullmatch(lines[0][1]) is not None
    entries = _valued_entries(path, lines) if valued else _plain_entries(path, lines)
    classes: dict[int, str] = {}
    line_of: dict[int | str, int] = {}
    for line, value, name in entries:
        if not 0 <= value <= 255:
            raise ReadError(f"{path}, line {line}: a class value is 0 to 255: correct it")
        for key, what in ((value, f"value {value}"), (name, f"class {name!r}")):
            if key in line_of:
                raise ReadError(f"{path}, line {line}: {what} is already in line {line_of[key]}: remove one")
            line_of[key] = line
        classes[value] = name
    return classes


def save_classes_txt(path: Path, classes: Mapping[int, str]) -> None:
    """Write one ``VALUE NAME`` per line in the order of values; `load_classes_txt` gives back the same.

    Raises `WriteError`, and ValueError for what the format cannot hold: a value outside 0 to 255, a name that
    comes twice, is empty, holds a line end or zero byte, has spaces around it or begins with ``:`` or ``,``.
    """
    for value, name in classes.items():
        if not 0 <= value <= 255:
            raise ValueError(f"a class value is 0 to 255, not {value}")
        if not name or name != name.strip() or name[0] in ":," or re.search(r"[\r\n\0]", name):
            raise ValueError(f"{name!r} cannot be a class name in {path}")
    if len(set(classes.values())) < len(classes):
        raise ValueError("two classes have the same name")
    text = "".join(f"{value} {classes[value]}\n" for value in sorted(classes))
    write_atomically(path, text.encode())


def _content(text: str) -> list[tuple[int, str]]:
    numbered = ((number, line.strip()) for number, line in enumerate(_LINE_END.split(text), 1))
    return [(number, line) for number, line in numbered if line and not line.startswith("#")]


def _valued_entries(path: Path, lines: list[tuple[int, str]]) -> list[tuple[int, int, str]]:
    entries = []
    for number, line in lines:
        match = _VALUED.fullmatch(line)
        if match is None or not match[2]:
            raise ReadError(f"{path}, line {number}: {line!r} is not 'VALUE NAME' as in '0 background'")
        # int() refuses thousands of digits, and -1 is as much outside as they are
        entries.append((number, int(match[1]) if len(match[1]) < 20 else -1, match[2]))
    return entries


def _plain_entries(path: Path, lines: list[tuple[int, str]]) -> list[tuple[int, int, str]]:
    for number, line in lines:
        if _VALUED.fullmatch(line):
            raise ReadError(
                f"{path}, line {number}: {line!r} begins with a value, line {lines[0][0]} does not: "
                "write 'VALUE NAME' in every line"
            )
    if len(lines) > 1 and lines[0][1] == "__ignore__":
        lines = lines[1:]
    first = 0 if lines[0][1].strip("_").casefold() == "background" else 1
    return [(number, value, line) for value, (number, line) in enumerate(lines, first)]
