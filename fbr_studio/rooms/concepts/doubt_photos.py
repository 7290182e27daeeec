"""The photos of doubtful tags: thumbnails for the list, the current one in large, the next ones ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from fbr_engine.errors import ProjectError
from fbr_engine.project import Project
from fbr_studio.jobs.thumbnails import ThumbnailLoader
from fbr_studio.preferences import cache_folder


class DoubtPhotos(QObject):
    """Reads photos of one project. Each signal carries the image's number and its picture, None if it has none.

    ``preview_failed`` says why a photo cannot be read.
    """

    thumbnail = Signal(int, object)
    preview = Signal(int, QImage)
    preview_failed = Signal(int, str)

    def __init__(self, project: Project, parent: QObject) -> None:
        super().__init__(parent)
        path_of = _paths(project)
        self._small = ThumbnailLoader(path_of, cache_folder() / "thumbnails", workers=1, parent=self)
        self._large = ThumbnailLoader(path_of, None, workers=1, parent=self)
        self._small.ready.connect(lambda image, pixels: self.thumbnail.emit(image, pixels))
        self._small.failed.connect(lambda image, _: self.thumbnail.emit(image, None))
        self._large.ready.connect(self.preview)
        self._large.failed.connect(self.preview_failed)

    def want_thumbnails(self, images: Sequence[int], side: int) -> None:
        """Read these, first things first, ``side`` device px, in place of those wanted before."""
        self._small.request(list(dict.fromkeys(images)), side)

    def want_previews(self, images: Sequence[int], side: int) -> None:
        """Read these in large, ``side`` device px, in place of those wanted before."""
        self._large.request(list(dict.fromkeys(images)), side)

    def close(self) -> None:
        """End the threads."""
        for loader in (self._small, self._large):
            loader.close()


def _paths(project: Project) -> Callable[[int], Path]:
    def path_of(image: int) -> Path:
        found = project.images.by_ids([image])
        if not found:
            raise ProjectError("the image was removed from the project")
        return project.image_path(found[0].path)

    return path_of
