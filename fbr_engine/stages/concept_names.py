"""The names a person gave to concepts, carried over when a run's concepts are found anew. Needs no torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import REPLACED, ConceptSet
from fbr_engine.project import Project, RunInfo

MOST = 0.5  # share of a concept's pixels that the one that takes over its name holds at least


def carry_names(project: Project, info: RunInfo, before: ConceptSet | None, after: ConceptSet) -> None:
    """Give the names of the concepts in ``before`` to those in ``after`` that hold most of their pixels.

    Where there is none, or no ``before``, a name is removed; of two names for one concept, that of more pixels stays.
    Raises `WriteError`.
    """
    names = project.judgements.names(info.id)
    if not names:
        return
    heirs: dict[int, tuple[int, str]] = {}
    for concept, name in sorted(names.items()):
        heir, pixels = _heir(before, after, concept) if before is not None else (REPLACED, 0)
        if heir != REPLACED and pixels > heirs.get(heir, (0, ""))[0]:
            heirs[heir] = pixels, name
    with project.transaction():
        for concept in names:
            project.judgements.name(info.id, concept, "")
        for heir, (_, name) in heirs.items():
            project.judgements.name(info.id, heir, name)


def _heir(before: ConceptSet, after: ConceptSet, concept_id: int) -> tuple[int, int]:
    """Return the new concept with at least half of an old one's pixels, and how many it has; 0 if there is none."""
    labels: list[npt.NDArray[np.int32]] = []
    for row in before.member_table(concept_id)[0]:
        image = int(before.image_ids[row])
        pixels, plane = before.concept_plane(image, concept_id), after.concepts_plane(image)
        if plane is not None and plane.shape == pixels.shape:
            labels.append(plane[pixels])
    counts = np.bincount(np.concatenate(labels)) if labels else np.zeros(1, dtype=np.int64)
    total = int(counts.sum())
    counts[:1] = 0  # REPLACED
    heir = int(counts.argmax()) if len(counts) else REPLACED
    return (heir, int(counts[heir])) if total and counts[heir] >= MOST * total else (REPLACED, 0)
