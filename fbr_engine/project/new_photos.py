"""Photos that came into the image folder since the project was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fbr_engine.errors import ProjectError
from fbr_engine.project.import_folders import LABELS
from fbr_engine.project.paths import find_images, shown

if TYPE_CHECKING:
    from fbr_engine.project.store import Project


def find_new(project: Project) -> list[str]:
    """Return the ids of the images in the folder that the project neither has nor was told to leave out, sorted.

    Only names are looked at. Folders named like masks or labels are passed over, unless the project has images of
    them. `project.images.add` adds what is found. Raises `ProjectError` if the image folder is gone, and `ReadError`
    if it cannot be read.
    """
    folder = project.image_folder
    if not folder.is_dir():
        raise ProjectError(f"{shown(folder)}, the image folder, is gone: put it back, or connect the drive it is on")
    known = {row[0] for row in project.database.rows("SELECT path FROM image UNION ALL SELECT path FROM left_out")}
    folders = {image.rpartition("/")[0] for image in known}
    found = (image for image in find_images(folder) if image not in known)
    return [image for image in found if not _holds_labels(image.rpartition("/")[0], folders)]


def _holds_labels(folder: str, folders: set[str]) -> bool:
    return folder not in folders and any(part.lower() in LABELS for part in folder.split("/"))
