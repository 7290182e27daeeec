"""What to do with files dropped on the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fbr_engine.project import IMAGE_EXTENSIONS

Kind = Literal["table", "here", "elsewhere", "nothing"]


@dataclass(frozen=True, slots=True)
class Drop:
    """``table``: a table of tags at ``path``; ``here``: photos of the image folder; ``elsewhere``: other photos."""

    kind: Kind
    path: Path | None = None


def what_was_dropped(paths: Sequence[Path], image_folder: Path) -> Drop:
    """Return what the person most likely means; tables come first."""
    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    if tables:
        return Drop("table", tables[0])
    photos = [path for path in paths if path.is_dir() or path.suffix.lower() in IMAGE_EXTENSIONS]
    if not photos:
        return Drop("nothing")
    inside = all(path.absolute().is_relative_to(image_folder.absolute()) for path in photos)
    return Drop("here" if inside else "elsewhere", photos[0])
