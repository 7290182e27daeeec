"""Datasets in the format of COCO object detection: masks become annotations and come back as masks.

One annotation is one 8-connected object of one class. Ids start at 1, there is no background category, images
without objects are listed too. A polygon gives back exactly the object's pixels; objects with holes are
run-length encoded. Format: https://cocodataset.org/#format-data (Lin et al., ECCV 2014).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from fbr_engine.formats.atomic import replace_file, write_error
from fbr_engine.formats.coco_reader import CocoDataset, CocoImage, load_coco
from fbr_engine.formats.objects import MaskObject, find_objects

__all__ = ["CocoCounts", "CocoDataset", "CocoImage", "CocoWriter", "load_coco", "save_coco"]

IGNORE = 255


@dataclass(frozen=True, slots=True)
class CocoCounts:
    """What a dataset holds: images, those without annotation, annotations by category name.

    ``left_out`` counts objects below the smallest area, ``left_out_pixels`` their pixels.
    """

    images: int
    empty_images: int
    annotations: dict[str, int]
    left_out: int
    left_out_pixels: int


class CocoWriter:
    """Writes a dataset image by image; what it keeps in memory is file names, not annotations.

    Use it as a context manager: the file appears, whole, when the block ends without an error. Values 1 to C
    of a mask mean ``categories[value - 1]``; 0 is background and 255 is ignored. Objects of fewer than
    ``min_area`` pixels are left out and counted. Raises `WriteError`, and ValueError for categories that are
    empty, come twice or are more than 254.
    """

    def __init__(
        self,
        path: Path,
        categories: Sequence[str],
        *,
        min_area: int = 0,
        info: Mapping[str, Any] | None = None,
        licenses: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if not all(categories) or len(set(categories)) < len(categories) or len(categories) > IGNORE - 1:
            raise ValueError("category names are unique and not empty, and at most 254")
        self._path = path
        self._categories = tuple(categories)
        self._min_area = min_area
        self._head = {
            "info": {"description": "", "version": "1.0"} | dict(info or {}),
            "licenses": [dict(entry) for entry in licenses],
            "categories": [
                {"id": number, "name": name, "supercategory": ""} for number, name in enumerate(categories, 1)
            ],
        }
        self._names: set[str] = set()
        self._per_category = dict.fromkeys(self._categories, 0)
        self._annotation_count = self._empty_images = self._left_out = self._left_out_pixels = 0
        self._stack = ExitStack()
        self._file: BinaryIO | None = None
        self._annotations: Any = None

    @property
    def counts(self) -> CocoCounts:
        """What was written and left out until now."""
        return CocoCounts(
            len(self._names),
            self._empty_images,
            dict(self._per_category),
            self._left_out,
            self._left_out_pixels,
        )

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._file = stack.enter_context(replace_file(self._path))
            self._annotations = stack.enter_context(self._open_beside())
            self._file.write(_to_json(self._head)[:-1] + b',\n"images":[')
            stack.push(self._finish)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return bool(self._stack.__exit__(kind, error, trace))

    def add_image(self, file_name: str, mask: NDArray[np.uint8]) -> int:
        """Add an image and the objects of its ``mask``, uint8 (H, W); return how many annotations it has.

        Raises ValueError for a file name that is not relative or comes twice, an empty array or another type,
        and a value that is no category, before anything is written.
        """
        if self._file is None:
            raise ValueError("the writer is not open: use it in a 'with' statement")
        values = self._check(file_name, mask)
        self._names.add(file_name)
        image = {
            "id": len(self._names),
            "file_name": file_name,
            "width": mask.shape[1],
            "height": mask.shape[0],
        }
        _write_record(self._file, image, first=len(self._names) == 1)
        before = self._annotation_count
        for value in values:
            for found in find_objects(mask == value):
                self._add_object(value, found)
        written = self._annotation_count - before
        self._empty_images += written == 0
        return written

    def _check(self, file_name: str, mask: NDArray[np.uint8]) -> list[int]:
        """Return the values of categories in ``mask``."""
        path = PurePosixPath(file_name)
        if not file_name or path.is_absolute() or ".." in path.parts or file_name in self._names:
            raise ValueError(f"{file_name!r} is no relative file name, or comes twice")
        if mask.dtype != np.uint8 or mask.ndim != 2 or not mask.size:
            raise ValueError(f"{file_name!r}: a mask is uint8 (H, W) and not empty, not {mask.dtype} {mask.shape}")
        values = np.flatnonzero(np.bincount(mask.ravel(), minlength=256)).tolist()
        if unknown := [value for value in values if len(self._categories) < value < IGNORE]:
            raise ValueError(f"{file_name!r}: its mask holds {unknown[0]}, which is no category")
        return [value for value in values if 0 < value < IGNORE]

    def _add_object(self, value: int, found: MaskObject) -> None:
        if found.area < self._min_area:
            self._left_out += 1
            self._left_out_pixels += found.area
            return
        self._annotation_count += 1
        self._per_category[self._categories[value - 1]] += 1
        annotation = {
            "id": self._annotation_count,
            "image_id": len(self._names),
            "category_id": value,
            "iscrowd": 0,
            "area": found.area,
            "bbox": list(found.box),
            "segmentation": found.segmentation(),
        }
        _write_record(self._annotations, annotation, first=self._annotation_count == 1)

    def _open_beside(self) -> Any:
        try:
            return tempfile.TemporaryFile(dir=self._path.parent)
        except OSError as error:
            raise write_error(self._path, error) from error

    def _finish(self, kind: type[BaseException] | None, *_: object) -> bool:
        file, self._file = self._file, None
        if kind is None and file is not None:
            file.write(b'],\n"annotations":[')
            self._annotations.seek(0)
            shutil.copyfileobj(self._annotations, file)
            file.write(b"]}\n")
        return False


def save_coco(
    path: Path, categories: Sequence[str], images: Mapping[str, NDArray[np.uint8]], *, min_area: int = 0
) -> CocoCounts:
    """Write masks by file name as one dataset that `load_coco` reads; raises what `CocoWriter` does."""
    with CocoWriter(path, categories, min_area=min_area) as writer:
        for file_name, mask in images.items():
            writer.add_image(file_name, mask)
    return writer.counts


def _write_record(file: BinaryIO, record: Mapping[str, Any], *, first: bool) -> None:
    file.write((b"\n" if first else b",\n") + _to_json(record))


def _to_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
