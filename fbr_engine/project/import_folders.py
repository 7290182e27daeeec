"""Images and tags from folders: ``train/cat/1.jpg`` is an image of a cat in the split train."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fbr_engine.errors import ProjectError
from fbr_engine.project.classes import BACKGROUND
from fbr_engine.project.paths import IMAGE_EXTENSIONS, decode_path, find_images, shown
from fbr_engine.project.staging import ImportReport, StagedImage, import_staged

if TYPE_CHECKING:
    from fbr_engine.project.store import Project

CONTAINERS = frozenset({"images", "image", "jpegimages", "img", "imgs", "photos", "photo", "pictures", "data"})
LABELS = frozenset(
    {
        "annotations",
        "segmentationclass",
        "segmentationclassaug",
        "segmentationobject",
        "masks",
        "labels",
        "truth",
        "backgrounds",
    }
)
SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
FEWEST_CLASSES = 2  # folders beside loose images
NOTHING = frozenset({BACKGROUND, "_background_"})


def import_folders(project: Project, classes: Sequence[str] | None = None) -> ImportReport:
    """Add all images below the image folder; the folder an image lies in names its class.

    Folders such as ``images`` name no class, ``train`` and ``val`` name the split, masks beside a folder of
    images are passed over, and ``background`` holds images with none of the classes. An image in a class's
    folder has that class and none of the others; images outside of such folders are added untagged.
    A folder named by a split that holds images itself, among folders of classes, is one of these.
    Beside loose images folders are classes only if there are several and more images are in them than outside;
    otherwise all images are added untagged, and a note says so. Folders are always taken for classes if ``classes``
    is given. ``classes`` limits what is learnt and gives its order. All is added, or nothing. Raises `ProjectError`: no
    images, or no such class.
    """
    reader = _Reader(project.image_folder, told=classes is not None)
    report = import_staged(project, reader.images(), classes)
    return replace(report, notes=tuple(_notes(report, reader)))


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a folder says of the images in it; ``tags`` None: nothing. Images in folders of ``labels`` are no photos."""

    split: str | None = None
    tags: tuple[str, ...] | None = None
    labels: bool = False
    split_for_class: bool = False


class _Reader:
    """Walks the image folder and counts what it passes over."""

    def __init__(self, folder: Path, *, told: bool = False) -> None:
        self.folder = folder
        self.told = told
        self.counts: Counter[str] = Counter()
        self.unreadable: list[str] = []
        self.split_names_of_classes: set[str] = set()
        self._beside_images: dict[str, bool] = {}
        self._meanings: dict[str, _Meaning] = {}

    def images(self) -> Iterator[StagedImage]:
        """Yield the images with what their folders say. Raises `ProjectError` if there are none."""
        for image in find_images(self.folder, self._note_unreadable):
            folder = image.rpartition("/")[0]
            meaning = self._meaning(folder)
            self.counts["labels"] += meaning.labels
            if meaning.split_for_class:
                self.split_names_of_classes.add(folder)
            if not meaning.labels:
                self.counts["images"] += 1
                yield StagedImage(image, meaning.split, meaning.tags if self.classes_are_named else None)
        if not self.counts["images"]:
            endings = ", ".join(ending[1:] for ending in IMAGE_EXTENSIONS)
            raise ProjectError(f"{shown(self.folder)} holds no images ({endings}): name another folder")

    @cached_property
    def doubtful(self) -> tuple[int, list[str]]:
        """How many images lie in no class's folder, and the class-like folders if these are too few to believe."""
        loose = inside = 0
        names: set[str] = set()
        for folder, count in self._folders.items():
            meaning = self._meaning(folder)
            if meaning.labels:
                continue
            if meaning.tags is None:
                loose += count
            else:
                inside += count
                names.add(meaning.tags[0] if meaning.tags else BACKGROUND)
        classes = sorted(names - {BACKGROUND})
        believed = not loose or (len(names) >= FEWEST_CLASSES and loose < inside)
        return loose, [] if believed else classes

    @property
    def classes_are_named(self) -> bool:
        """Whether folders are taken for classes."""
        return self.told or not self.doubtful[1]

    @cached_property
    def _folders(self) -> Counter[str]:
        """How many images each folder holds itself."""
        return Counter(image.rpartition("/")[0] for image in find_images(self.folder))

    def _meaning(self, folder: str) -> _Meaning:
        if folder not in self._meanings:
            self._meanings[folder] = self._read(folder)
        return self._meanings[folder]

    def _read(self, folder: str) -> _Meaning:
        names = folder.split("/") if folder else []
        split = None
        for depth, name in enumerate(names):
            plain = name.casefold()
            if plain in SPLITS and split is None:
                if depth == len(names) - 1 and folder in self._classes_named_by_splits:
                    return _Meaning(split, (name,), split_for_class=True)
                split = SPLITS[plain]
            elif plain in LABELS and self._is_beside_images("/".join(names[:depth])):
                return _Meaning(split, labels=True)
            elif plain in NOTHING:
                return _Meaning(split, ())
            elif plain not in CONTAINERS:
                return _Meaning(split, (name,))
        return _Meaning(split)

    @cached_property
    def _classes_named_by_splits(self) -> frozenset[str]:
        """The folders named by a split that are classes: no folders are in them, those beside are classes."""
        inside: defaultdict[str, set[str]] = defaultdict(set)
        for folder in self._folders.keys() - {""}:
            names = folder.split("/")
            for depth, name in enumerate(names):
                inside["/".join(names[:depth])].add(name)
        found = set()
        for parent, names_inside in list(inside.items()):
            plain = {name.casefold(): name for name in names_inside}
            splits = SPLITS.keys() & plain
            others = plain.keys() - splits - LABELS - NOTHING
            if len(splits) == 1 and others and not others & CONTAINERS:
                folder = f"{parent}/{plain[splits.pop()]}".removeprefix("/")
                if folder not in inside:
                    found.add(folder)
        return frozenset(found)

    def _is_beside_images(self, parent: str) -> bool:
        """Return whether a folder has one for images in it; what else is in it may be masks then."""
        if parent not in self._beside_images:
            with os.scandir(self.folder / decode_path(parent)) as entries:
                self._beside_images[parent] = any(
                    entry.name.casefold() in CONTAINERS and entry.is_dir() for entry in entries
                )
        return self._beside_images[parent]

    def _note_unreadable(self, error: OSError) -> None:
        self.unreadable.append(shown(str(error.filename)))


def _notes(report: ImportReport, reader: _Reader) -> Iterator[str]:
    untagged = report.images - report.tagged
    if not reader.classes_are_named:
        loose, names = reader.doubtful
        shown_names = ", ".join(map(shown, names[:5])) + (", ..." if len(names) > 5 else "")
        yield (
            f"no tags: folders were not taken for classes ({shown_names}), for {loose} images lie outside of them; "
            "use --classes NAME to do so"
        )
    elif not report.classes and not report.ignored:
        yield (
            "no tags: the images lie in no folders named by class; "
            "put them into such folders, or name a tags file with --tags"
        )
    else:
        yield "each image is tagged with the class its folder is named by, and with none of the others"
        if untagged:
            yield f"{untagged} images lie in no class's folder and stay untagged: they will not train"
    for name in sorted(reader.split_names_of_classes)[:20]:
        yield (
            f"{shown(name)} is taken for a class, as the folders beside it are, not for a split: "
            "if it is one, put its images into folders named by class in it, or name a tags file with --tags"
        )
    if reader.counts["labels"]:
        yield f"{reader.counts['labels']} files in folders of masks or labels were passed over"
    for name in reader.unreadable[:20]:
        yield f"{name} cannot be read and was passed over: check its rights"
