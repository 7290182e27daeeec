"""The way back to the run's mask, as an edit like any other: undo brings the person's mask back."""

from __future__ import annotations

import numpy as np

from fbr_studio.drawing.boxes import bounds, window
from fbr_studio.drawing.mask_document import Edit, MaskDocument, Patch, Source, Values
from fbr_studio.rooms.review.material import Labels

TEXT = "back to the run's mask"


def removal(document: MaskDocument, base: Labels) -> Edit:
    """Return the edit that makes all of ``document`` the run's again; ``base`` is H x W uint8 of the same shape.

    The document does not have it yet. The edit holds no pixels where nothing differs.
    """
    instances = document.instances
    changed = (document.classes != base) | (document.source != Source.RUN)
    if instances is not None:
        changed |= instances != 0
    box = bounds(changed)
    if box is None:
        return Edit((0, 0, 1, 1), (), TEXT)
    cut = window(box)
    before = Values(
        document.classes[cut].copy(),
        None if instances is None else instances[cut].copy(),
        document.source[cut].copy(),
    )
    after = Values(
        base[cut].copy(),
        None if instances is None else np.zeros_like(instances[cut]),
        np.full_like(document.source[cut], Source.RUN),
    )
    return Edit(box, (Patch(box, before, after),), TEXT)


def is_removal(edit: Edit | None) -> bool:
    """Return whether an edit went back to the run's mask."""
    return edit is not None and edit.text == TEXT
