"""A folder of true masks: which file belongs to which image, and what its values mean."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from fbr_engine.errors import ReadError
from fbr_engine.formats.classes_txt import load_classes_txt
from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.formats.voc import VOC_CLASSES
from fbr_engine.project import decode_path

IGNORE = 255


class MaskFolder:
    """Indexed PNGs that belong to images by relative path, else by stem.

    Values mean what ``classes.txt`` in the folder says, else VOC's 20 classes. Raises `ReadError` when the folder is
    missing.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ReadError(f"{folder}: no such folder of masks; give the one with the true masks (--masks DIR)")
        self.folder = folder
        table = folder / "classes.txt"
        self.names = load_classes_txt(table) if table.is_file() else dict(VOC_CLASSES)
        self._by_stem: dict[str, list[Path]] | None = None

    def find(self, image: str) -> Path | None:
        """Return the mask of ``image`` (its id in the project), or None.

        Raises `ReadError` when only the stem matches and several files share it.
        """
        relative = Path(decode_path(image))
        for candidate in (self.folder / relative.with_suffix(".png"), self.folder / f"{relative}.png"):
            if candidate.is_file():
                return candidate
        found = self._stems().get(PurePosixPath(relative).stem, [])
        if len(found) > 1:
            names = " and ".join(str(path) for path in found[:2])
            raise ReadError(f"{image}: several masks have its name ({names}); lay them out in folders like the images")
        return found[0] if found else None

    def lookup(self, class_names: list[str]) -> npt.NDArray[np.uint8]:
        """Return 256 values: 1 + index into ``class_names``, 0 for any other class, 255 kept as ignore."""
        table = np.zeros(256, dtype=np.uint8)
        for value, name in self.names.items():
            if name in class_names:
                table[value] = class_names.index(name) + 1
        table[IGNORE] = IGNORE
        return table

    def read(self, path: Path) -> npt.NDArray[np.uint8]:
        """Return the raw values of a mask, H x W. Raises `ReadError` when it is no indexed PNG."""
        return load_indexed_png(path)

    def _stems(self) -> dict[str, list[Path]]:
        if self._by_stem is None:
            self._by_stem = {}
            for parent, _, files in os.walk(self.folder):
                for name in files:
                    if name.lower().endswith(".png"):
                        self._by_stem.setdefault(Path(name).stem, []).append(Path(parent) / name)
        return self._by_stem
