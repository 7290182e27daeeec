"""The gallery's cells, from the open project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fbr_engine.errors import ProjectError
from fbr_engine.project import ClassInfo, GalleryRow, Project
from fbr_studio.drawing.colours import class_colour
from fbr_studio.state.session import Session
from fbr_studio.widgets.gallery.cell import Cell, Chip, State
from fbr_studio.widgets.tags.class_row import ClassItem
from fbr_studio.widgets.tags.tag_summary import class_keys


class ProjectCells:
    """Reads cells a page at a time; predicted tags are shown on one image only."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._classes: dict[int, ClassInfo] = {}
        self._learnt: frozenset[int] = frozenset()
        self._predicted: tuple[int, tuple[int, ...]] = (0, ())

    def set_classes(self, classes: Sequence[ClassInfo]) -> None:
        """Name chips after these classes."""
        self._classes = {found.id: found for found in classes}
        self._learnt = frozenset(found.id for found in classes if found.learnt)

    def set_predicted(self, image: int | None, classes: Sequence[int]) -> list[int]:
        """Show these as predicted on one image; return the images whose cells change."""
        before = self._predicted
        self._predicted = (image or 0, tuple(classes))
        if before == self._predicted:
            return []
        return [i for i, chips in (before, self._predicted) if i and chips]

    def cells(self, ids: Sequence[int]) -> list[Cell]:
        """Return the cells of a page of images."""
        project = self._session.project
        return [self._cell(row) for row in project.gallery.cells(ids)] if project is not None else []

    def _cell(self, row: GalleryRow) -> Cell:
        chips = [self._chip(class_id) for class_id in row.present if class_id in self._classes]
        image, predicted = self._predicted
        if image == row.id:
            chips += [self._chip(c, predicted=True) for c in predicted if c in self._classes and c not in row.present]
        name = row.path.rsplit("/", 1)[-1]
        tips = [row.path if row.path != name else "", row.problem or "", f"Split: {row.split}" if row.split else ""]
        return Cell(row.id, name, tuple(chips), state_of(row, self._learnt), "\n".join(tip for tip in tips if tip))

    def _chip(self, class_id: int, *, predicted: bool = False) -> Chip:
        return Chip(self._classes[class_id].name, class_colour(class_id), "predicted" if predicted else "present")


def state_of(row: GalleryRow, learnt: frozenset[int]) -> State:
    """Return the one state a cell shows: what stands in the way first, then what a person decided last."""
    if row.problem:
        return "problem"
    if row.review == "rejected":
        return "rejected"
    if row.review == "accepted":
        return "accepted"
    if row.corrected:
        return "corrected"
    if not row.known:
        return "untagged"
    empty = row.known >= len(learnt) and not learnt.intersection(row.present)
    return "empty" if empty else "tagged"


def class_items(classes: Sequence[ClassInfo]) -> list[ClassItem]:
    """Return the classes as the widgets show them: those that are learnt first, the first nine with a key."""
    ordered = [c for c in classes if c.learnt] + [c for c in classes if not c.learnt]
    keys = class_keys([c.id for c in ordered if c.learnt])
    return [ClassItem(c.id, c.name, class_colour(c.id), keys.get(c.id, 0), c.learnt) for c in ordered]


class ImagePaths:
    """Tells loader threads where the images of one project lie."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def __call__(self, image: int) -> Path:
        """Return the path. Raises `ProjectError`."""
        found = self._project.images.by_ids([image])
        if not found:
            raise ProjectError("the image was removed from the project")
        return self._project.image_path(found[0].path)
