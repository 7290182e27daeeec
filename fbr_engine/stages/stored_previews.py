"""What a training wrote of a few fixed images after every epoch; needs no torch.

::

    runs/<name>/previews/images.json           which images, in order
    runs/<name>/previews/<epoch>/<image>.npz   cam T x h x w uint8 of the tagged classes, class_ids, size
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fbr_engine.project import Project, RunInfo, image_file, load_arrays, load_json
from fbr_engine.stages.stored_cams import StoredCam, image_size

KIND = "preview"
FOLDER = "previews"
INDEX = "images.json"


def preview_path(project: Project, run: str, epoch: int, image: str) -> Path:
    """Return where the preview of ``image`` (its id) lies; epoch 0 is before the first step."""
    return project.runs.folder(run) / FOLDER / f"{epoch:03d}" / image_file(image, "npz")


def previews(project: Project, info: RunInfo) -> dict[str, list[tuple[int, Path]]]:
    """Return (epoch, file) pairs by image id, epochs ascending; empty if the run wrote none.

    Raises `ReadError` when the list of images is broken.
    """
    folder = project.runs.folder(info.name) / FOLDER
    if not (folder / INDEX).is_file():
        return {}
    images = [str(image) for image in load_json(folder / INDEX).get("images", ())]
    epochs = sorted(int(path.name) for path in folder.iterdir() if path.is_dir() and path.name.isdigit())
    found = {image: [(e, preview_path(project, info.name, e, image)) for e in epochs] for image in images}
    return {image: [(e, path) for e, path in pairs if path.is_file()] for image, pairs in found.items()}


def read_preview(project: Project, path: Path) -> StoredCam:
    """Return the CAMs of one preview, of the classes its image was tagged with. Raises `ReadError`."""
    arrays = load_arrays(path, ("cam", "class_ids", "size"))
    aliases = project.classes.aliases()
    today = np.array([aliases.get(int(c), int(c)) for c in arrays["class_ids"]], dtype=np.int32)
    return StoredCam(arrays["cam"][today > 0], today[today > 0], image_size(arrays))
