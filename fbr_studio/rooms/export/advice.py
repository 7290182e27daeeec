"""What the preview warns of, in words a person reads, and which button remedies it. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbr_engine.errors import FbrError, ProjectError, ReadError, WriteError
from fbr_engine.stages.export_preview import LOOKED_AT, ExportWarning
from fbr_studio.widgets import formatting

Remedy = Literal["", "images", "masks", "all", "copy", "folder", "training"]

CAPTIONS: dict[Remedy, str] = {
    "images": "Show them",
    "masks": "Make masks",
    "all": "Export all",
    "copy": "Copy the images",
    "folder": "Choose another folder",
    "training": "Go to Training",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One line: a sentence with its number, and the remedy ("" where the person knows best)."""

    text: str
    remedy: Remedy


# By the engine's remedy: what the button does, and the rest of the sentence for one image and for more.
_KNOWN: dict[str, tuple[Remedy, str, str]] = {
    "export all, whatever their review": (
        "all",
        "is left out because of its review",
        "are left out because of their review",
    ),
    "tag them": ("images", "nobody tagged is left out", "nobody tagged are left out"),
    "compute CAMs and masks": (
        "masks",
        "has a tag but no mask and is left out",
        "have a tag but no mask and are left out",
    ),
    "replace the files": ("images", "cannot be read and is left out", "cannot be read and are left out"),
    "copy the images too: the copies are upright": (
        "copy",
        "is turned by EXIF. Many COCO readers ignore that; copies are written upright",
        "are turned by EXIF. Many COCO readers ignore that; copies are written upright",
    ),
}


def advice(warning: ExportWarning, images: int = 0) -> Advice:
    """Return a warning of the engine as this room says it; one it does not know is said in the engine's words.

    ``images`` is how many would be written: of very many the engine opens only the first.
    """
    known = _KNOWN.get(warning.remedy)
    if known is None:
        return Advice(f"{formatting.count(warning.count)} {warning.sentence}: {warning.remedy}.", "")
    remedy, one, many = known
    which = f"of the first {formatting.count(LOOKED_AT)} " if remedy == "copy" and images > LOOKED_AT else ""
    rest = one if warning.count == 1 else many
    return Advice(f"{formatting.counted(warning.count, 'image')} {which}{rest}.", remedy)


def remedies(error: FbrError) -> tuple[Remedy, ...]:
    """Return what helps against an export that failed."""
    if isinstance(error, WriteError):
        return ("folder",)
    if isinstance(error, ProjectError):
        return ("masks",) if "no masks" in str(error) else ("training",)
    if isinstance(error, ReadError):
        return ("masks", "images")
    return ()
