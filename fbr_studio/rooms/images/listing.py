"""What the room asks the project in the background: which images are shown, and all counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fbr_engine.project import ImageFilter, Project
from fbr_engine.project.gallery import Order
from fbr_studio.widgets.tags.tag_summary import TagSummary, summarise


@dataclass(frozen=True, slots=True)
class Listing:
    """The images that pass a filter, in order: ``ids`` int64."""

    wanted: ImageFilter
    ids: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Images per state, per split, and per class among those that pass the filter."""

    states: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    tags: dict[int, int] = field(default_factory=dict)

    @property
    def images(self) -> int:
        """How many images the project has."""
        return self.states.get("all", 0)


def list_images(project: Project, wanted: ImageFilter, order: Order) -> Listing:
    """Return the images that pass."""
    return Listing(wanted, project.gallery.ids(wanted, order))


def count_images(project: Project, wanted: ImageFilter) -> Counts:
    """Return every count the filter bar shows."""
    gallery = project.gallery
    return Counts(gallery.state_counts(), project.images.splits(), gallery.tag_counts(wanted))


def summarise_tags(project: Project, images: Sequence[int]) -> dict[int, TagSummary]:
    """Return what is known of each class in these images, by class id."""
    classes = [found.id for found in project.classes.all()]
    return dict(zip(classes, summarise(project.tags.matrix(images, classes)), strict=True))
