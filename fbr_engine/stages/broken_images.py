"""Images that could not be read: tried again whenever a stage begins, for somebody may have repaired them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fbr_engine.data.images import Pixels, read_image
from fbr_engine.errors import ReadError
from fbr_engine.events import ImageSkipped
from fbr_engine.project import ImageInfo, Project


def read_or_reason(path: Path) -> Pixels | str:
    """Return the pixels of the image at ``path``, or why it cannot be read."""
    try:
        return read_image(path)
    except ReadError as error:
        return str(error)


def known_problems(project: Project, split: str = "") -> Iterator[tuple[ImageInfo, str]]:
    """Yield the images of ``split`` (empty: of all) that take no part, and why."""
    for image in project.images.with_problem():
        if image.problem and (not split or image.split == split):
            yield image, image.problem


def recheck(project: Project, split: str = "") -> Iterator[ImageSkipped]:
    """Let the images that can be read by now take part again; yield those that still cannot."""
    for image, _ in known_problems(project, split):
        found = read_or_reason(project.image_path(image.path))
        problem = found if isinstance(found, str) else None
        if problem != image.problem:
            project.images.set_problem(image.id, problem)
        if problem:
            yield ImageSkipped(image.path, problem)
