"""A crash log beside the saved mask: what was painted since, ready to be painted again.

The file is a header (what mask it continues) and records, each with length and checksum. A record holds the pixels
an edit, an undo or a redo changed and their new values, so that painting all of them again over any state of the
same history ends where the history ended.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import write_error
from fbr_studio.drawing.boxes import Box, Mask
from fbr_studio.drawing.edit import PLANES, Edit, Patch, Plane, Values
from fbr_studio.drawing.mask_document import MaskDocument

_MAGIC = b"FBRJ0001"
_HEADER = struct.Struct("<8sIII")  # magic, height, width, base
_RECORD = struct.Struct("<II")  # length, checksum
_PATCH = struct.Struct("<IIIIB")  # box, which planes
_TYPES: dict[str, np.dtype[Any]] = {
    "classes": np.dtype(np.uint8),
    "instances": np.dtype("<u2"),
    "source": np.dtype(np.uint8),
}
_EDIT, _SAVED = b"E", b"S"


class Journal:
    """Appends what happens to a document; `replay` paints it again after a crash. Raises `WriteError`.

    The file is made with the first record. One that belongs to another mask is moved aside (``.old``), not lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def append(self, document: MaskDocument, edit: Edit, *, undo: bool = False) -> None:
        """Write down an edit or redo that ``document`` has got, or with ``undo`` that it was taken back."""
        self._write(document, _EDIT + _packed(edit, undo))

    def mark_saved(self, document: MaskDocument, fingerprint: int) -> None:
        """Say that the state with that fingerprint was saved, where painting went on and `clear` would lose strokes."""
        self._write(document, _SAVED + struct.pack("<I", fingerprint))

    def clear(self) -> None:
        """Remove the file: all it holds is saved."""
        self.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(self._path, error) from error

    def close(self) -> None:
        """Close the file and leave it where it is."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _write(self, document: MaskDocument, payload: bytes) -> None:
        packed = zlib.compress(payload, 1)
        try:
            if self._file is None:
                self._file = self._open(document)
            self._file.write(_RECORD.pack(len(packed), zlib.crc32(packed)) + packed)
            self._file.flush()
        except OSError as error:
            self.close()
            raise write_error(self._path, error) from error

    def _open(self, document: MaskDocument) -> BinaryIO:
        """Open the file at the end of its last whole record, or begin it."""
        if self._path.is_file():
            with self._path.open("rb") as old:
                header, records = old.read(_HEADER.size), list(_records(old))
            if _continues(header, [payload for payload, _end in records], document, document.base):
                file: BinaryIO = self._path.open("r+b")
                end = records[-1][1] if records else _HEADER.size
                file.truncate(end)
                file.seek(end)
                return file
            self._path.replace(self._path.with_name(self._path.name + ".old"))
        file = self._path.open("xb")
        file.write(_HEADER.pack(_MAGIC, *document.shape, document.base))
        return file


def replay(path: Path, document: MaskDocument) -> int:
    """Paint again what the journal at ``path`` holds; return how many edits, undos and redos that were.

    A missing file counts 0, and a torn record ends the replay. Raises `ReadError` if the journal cannot be read or
    continues another mask than the document's.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
            payloads = [payload for payload, _end in _records(file)]
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise ReadError(f"{path}: cannot read the strokes of last time ({error.strerror}); try again") from error
    if len(header) < _HEADER.size:
        return 0
    if not _continues(header, payloads, document, document.fingerprint()):
        raise ReadError(f"{path}: these strokes continue another mask; remove the file to go on without them")
    edits = [payload for payload in payloads if payload[:1] == _EDIT]
    for payload in edits:
        for box, pixels, values in _unpacked(payload):
            document.write_pixels(box, pixels, values)
    return len(edits)


def _continues(header: bytes, payloads: list[bytes], document: MaskDocument, base: int) -> bool:
    """Return whether the journal began at ``base``, or saw it saved."""
    if len(header) < _HEADER.size:
        return False
    magic, height, width, begun = _HEADER.unpack(header)
    saved = {struct.unpack("<I", payload[1:])[0] for payload in payloads if payload[:1] == _SAVED}
    return magic == _MAGIC and (height, width) == document.shape and base in saved | {begun}


def _records(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield each whole record and where it ends, as far as they are whole."""
    while len(head := file.read(_RECORD.size)) == _RECORD.size:
        length, checksum = _RECORD.unpack(head)
        left = os.fstat(file.fileno()).st_size - file.tell()
        if length > left:
            return
        packed = file.read(length)
        if len(packed) < length or zlib.crc32(packed) != checksum:
            return
        yield zlib.decompress(packed), file.tell()


def _packed(edit: Edit, undo: bool) -> bytes:
    return b"".join(part for patch in edit.patches for part in _patch_parts(patch, undo))


def _patch_parts(patch: Patch, undo: bool) -> Iterator[bytes]:
    shape = (patch.box[2] - patch.box[0], patch.box[3] - patch.box[1])
    pixels = np.zeros(shape, np.bool_)
    flags = 0
    for bit, name in enumerate(PLANES):
        before, after = getattr(patch.before, name), getattr(patch.after, name)
        if before is not None and after is not None:
            pixels |= before != after
            flags |= 1 << bit
    yield _PATCH.pack(*patch.box, flags)
    yield np.packbits(pixels).tobytes()
    values = patch.before if undo else patch.after
    for bit, name in enumerate(PLANES):
        if flags & 1 << bit:
            yield getattr(values, name)[pixels].astype(_TYPES[name]).tobytes()


def _unpacked(payload: bytes) -> Iterator[tuple[Box, Mask, Values]]:
    at = 1
    while at < len(payload):
        top, left, bottom, right, flags = _PATCH.unpack_from(payload, at)
        at += _PATCH.size
        count = (bottom - top) * (right - left)
        bits = np.frombuffer(payload, np.uint8, -(-count // 8), at)
        at += bits.size
        pixels = np.unpackbits(bits, count=count).astype(np.bool_).reshape(bottom - top, right - left)
        painted = int(np.count_nonzero(pixels))
        planes: dict[str, Plane] = {}
        for bit, name in enumerate(PLANES):
            if flags & 1 << bit:
                planes[name] = plane = np.frombuffer(payload, _TYPES[name], painted, at)
                at += plane.nbytes
        yield (top, left, bottom, right), pixels, Values(**planes)
