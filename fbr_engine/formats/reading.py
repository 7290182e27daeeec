"""Whole files as bytes or text, with errors a user can act on."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from fbr_engine.errors import ReadError

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_NOT_UTF8 = "save it as UTF-8 (in a spreadsheet: 'CSV UTF-8') and try again"


def read_bytes(path: Path) -> bytes:
    """Return the content of ``path``. Raises `ReadError` if it is missing, a folder or cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ReadError(f"{path} does not exist: check its name and folder") from error
    except IsADirectoryError as error:
        raise ReadError(f"{path} is a folder: name the file in it") from error
    except PermissionError as error:
        what = "is a folder: name the file in it" if path.is_dir() else "cannot be read: change its rights"
        raise ReadError(f"{path} {what}") from error
    except OSError as error:
        reason = error.strerror or error
        raise ReadError(f"{path} cannot be read ({reason}): check the disk it lies on") from error


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without byte order mark; line ends stay as they are.

    Raises `ReadError`, with the line, if the file is not UTF-8 text.
    """
    data = read_bytes(path)
    if data.startswith(_WIDE_MARKS):
        raise ReadError(f"{path} is UTF-16 or UTF-32 text: {_NOT_UTF8}")
    if (place := data.find(b"\0")) >= 0:
        raise ReadError(f"{path}, line {_line_at(data, place)}: a zero byte, so this is no UTF-8 text: {_NOT_UTF8}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_at(data, error.start)
        raise ReadError(f"{path}, line {line}: this is not UTF-8 text: {_NOT_UTF8}") from error


def _line_at(data: bytes, place: int) -> int:
    return 1 + len(re.findall(rb"\r\n|\r|\n", data[:place]))
