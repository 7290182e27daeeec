"""Photos that came into the image folder since the project was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fbr_engine.errors import ProjectError
from fbr_engine.project.paths import find_images, shown

if TYPE_CHECKING:
    from fbr_engine.project.store import Project


def find_new(project: Project) -> list[str]:
    """Return the ids of the images in the folder that the project neither has nor was told to leave out, sorted.

    Only names are looked at. `project.images.add` adds them. Raises `ProjectError` if the image folder is gone, and
    `ReadError` if it cannot be read.
    """
    folder = project.image_folder
    if not folder.is_dir():
        raise ProjectError(f"{shown(folder)}, the image folder, is gone: put it back, or connect the drive it is on")
    known = {row[0] for row in project.database.rows("SELECT path FROM image UNION ALL SELECT path FROM left_out")}
    return [image for image in find_images(folder) if image not in known]
