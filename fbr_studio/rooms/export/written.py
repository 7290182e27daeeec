"""What an export wrote and what it left out, read from the folder it made. No widgets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fbr_engine.errors import ReadError
from fbr_studio.widgets import formatting

REPORT = "report.json"

_REASONS = {
    "untagged": "Nobody tagged them, so they were left out",
    "without_mask": "They have no mask, so they were left out",
    "broken": "They could not be read, so they were left out",
    "left_out_by_review": "Their review keeps them out",
    "suspect_empty": "They carry a tag but their mask is empty: written without objects",
    "rotated": "They are rotated by EXIF, which some readers ignore: the masks follow the upright photo",
}


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file of the dataset, relative to its folder, with its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Names of images with what happened to them, as a sentence."""

    reason: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """One export: its folder, its files (copied images as one line), its counts, what was left out."""

    folder: Path
    files: tuple[WrittenFile, ...]
    copied_images: int
    copied_bytes: int
    images: int
    empty_images: int
    objects: dict[str, int]
    too_small: int
    left_out: tuple[LeftOut, ...]
    annotations: tuple[Path, ...]

    @property
    def snippet(self) -> str:
        """The line that loads it in Python."""
        first = next((path for path in self.annotations if path.stem.endswith("_train")), self.annotations[0])
        return f"from pycocotools.coco import COCO; coco = COCO({str(first)!r})"

    @property
    def sentence(self) -> str:
        """What was written, in one line."""
        objects = sum(self.objects.values())
        categories = formatting.counted(len(self.objects), "category", "categories")
        return f"{formatting.counted(self.images, 'image')}, {formatting.counted(objects, 'object')}, {categories}"


def read_written(folder: Path) -> Written:
    """Read the report and the file sizes of a dataset. Raises `ReadError`."""
    path = folder / REPORT
    try:
        report = json.loads(path.read_text("utf-8"))
        files = [WrittenFile(file.name, file.stat().st_size) for file in sorted(folder.glob("*.json"))]
        annotations = sorted((folder / "annotations").glob("*.json"))
        files = [WrittenFile(f"annotations/{file.name}", file.stat().st_size) for file in annotations] + files
        images = [file.stat().st_size for file in (folder / "images").rglob("*") if file.is_file()]
        return Written(
            folder=folder,
            files=tuple(files),
            copied_images=len(images),
            copied_bytes=sum(images),
            images=int(report["images"]),
            empty_images=int(report["empty_images"]),
            objects={str(name): int(count) for name, count in report["annotations"].items()},
            too_small=int(report.get("too_small", 0)),
            left_out=_left_out(report),
            annotations=tuple(annotations),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReadError(f"{path}: the report cannot be read ({error}); the dataset itself is there") from error


def _left_out(report: Mapping[str, Any]) -> tuple[LeftOut, ...]:
    """Return the lists of names in the report; one a newer engine writes is shown under its own name."""
    lists = {key: value for key, value in report.items() if isinstance(value, list) and value}
    order = [*_REASONS, *(key for key in lists if key not in _REASONS)]
    return tuple(
        LeftOut(_REASONS.get(key, key.replace("_", " ").capitalize()), tuple(str(name) for name in lists[key]))
        for key in order
        if key in lists
    )
