"""Reading COCO datasets: each image's annotations drawn as one mask of class values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fbr_engine.errors import ReadError
from fbr_engine.formats.polygons import polygon_to_mask
from fbr_engine.formats.reading import read_text
from fbr_engine.formats.rle import MAX_PIXELS, decode_rle

_IGNORE = 255
_REMEDY = "export the dataset again"


@dataclass(frozen=True, slots=True)
class _Annotation:
    id: Any
    value: int
    segmentation: Any


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One image of a dataset; its mask is drawn from the annotations whenever it is asked for."""

    file_name: str
    height: int
    width: int
    _annotations: list[_Annotation] = field(default_factory=list, repr=False)
    _source: Path = field(default=Path(), repr=False)

    @property
    def mask(self) -> NDArray[np.uint8]:
        """Class values, uint8 (H, W): 0 background, 1 to C the categories in order, 255 crowds.

        Where annotations overlap the later one wins, and any wins over a crowd.
        Raises `ReadError`, naming the annotation, if a segmentation is broken.
        """
        mask = np.zeros((self.height, self.width), np.uint8)
        for annotation in sorted(self._annotations, key=lambda a: a.value != _IGNORE):
            try:
                mask[_pixels(annotation.segmentation, self.height, self.width)] = annotation.value
            except (ValueError, TypeError, OverflowError, KeyError) as error:
                reason = " ".join(str(error).split()) or type(error).__name__
                raise _broken(self._source, f"annotation {annotation.id!r}: {reason}") from error
        return mask


@dataclass(frozen=True, slots=True)
class CocoDataset:
    """Category names, in order, and the images of one annotation file."""

    categories: tuple[str, ...]
    images: list[CocoImage]


def load_coco(path: Path) -> CocoDataset:
    """Read an annotation file of COCO object detection; masks are drawn when they are asked for.

    Category ids may be any numbers: a mask's values follow the order of the list. Raises `ReadError` if the
    file is not JSON of that form, lists an id twice, or refers to one that is not there.
    """
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"no valid JSON ({error}); is it cut off?") from error
    if not isinstance(content, dict):
        raise _broken(path, "no COCO dataset, which is an object with images, annotations and categories")
    categories = _by_id(path, content, "categories")
    if len(categories) >= _IGNORE:
        raise ReadError(f"{path} has {len(categories)} categories, but a mask holds 254: leave some out")
    values = {key: value for value, key in enumerate(categories, 1)}
    images = {key: _to_image(path, key, record) for key, record in _by_id(path, content, "images").items()}
    for key, record in _by_id(path, content, "annotations").items():
        image, value = (
            _lookup(path, key, record, name, table) for name, table in (("image_id", images), ("category_id", values))
        )
        if record.get("iscrowd"):
            value = _IGNORE
        image._annotations.append(_Annotation(key, value, record.get("segmentation")))
    names = tuple(_text(path, f"category {key!r}", record, "name") for key, record in categories.items())
    return CocoDataset(names, list(images.values()))


def _by_id(path: Path, content: Mapping[str, Any], name: str) -> dict[int | str, Mapping[str, Any]]:
    records = content.get(name)
    if not isinstance(records, list):
        raise _broken(path, f"it has no list {name!r}")
    found: dict[int | str, Mapping[str, Any]] = {}
    for place, record in enumerate(records):
        key = record.get("id") if isinstance(record, dict) else None
        if not isinstance(key, (int, str)) or key in found:
            raise _broken(path, f"entry {place} of {name!r} has no id, or one that comes twice")
        found[key] = record
    return found


def _to_image(path: Path, key: int | str, record: Mapping[str, Any]) -> CocoImage:
    height, width = record.get("height"), record.get("width")
    if not isinstance(height, int) or not isinstance(width, int) or height < 1 or width < 1:
        raise _broken(path, f"image {key!r} has no height and width")
    if height * width > MAX_PIXELS:
        raise _broken(path, f"image {key!r} is said to have {height} x {width} pixels, which is too many")
    return CocoImage(_text(path, f"image {key!r}", record, "file_name"), height, width, [], path)


def _text(path: Path, what: str, record: Mapping[str, Any], name: str) -> str:
    text = record.get(name)
    if not isinstance(text, str) or not text:
        raise _broken(path, f"{what} has no {name}")
    return text


def _lookup(path: Path, key: int | str, record: Mapping[str, Any], name: str, table: Mapping[Any, Any]) -> Any:
    wanted = record.get(name)
    if not isinstance(wanted, (int, str)) or wanted not in table:
        raise _broken(path, f"annotation {key!r} has the {name} {wanted!r}, which is not there")
    return table[wanted]


def _pixels(segmentation: Any, height: int, width: int) -> NDArray[np.bool_]:
    if isinstance(segmentation, dict):
        if list(segmentation["size"]) != [height, width]:
            raise ValueError(f"its size is {segmentation['size']}, the image's is {[height, width]}")
        return decode_rle((height, width), segmentation["counts"])
    if not isinstance(segmentation, list):
        raise TypeError("it has no segmentation, only a box")
    pixels = np.zeros((height, width), np.bool_)
    for polygon in segmentation:
        pixels |= polygon_to_mask(polygon, height, width)
    return pixels


def _broken(path: Path, reason: str) -> ReadError:
    return ReadError(f"{path}: {reason}: {_REMEDY}")
