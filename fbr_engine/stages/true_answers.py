"""A simulated annotator: what somebody who sees the true masks would answer. For the demo and for benchmarks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import NONE, ConceptSet
from fbr_engine.project import Project
from fbr_engine.stages.mask_folder import IGNORE, MaskFolder


class TrueAnswers:
    """Answers from the masks of one split by the majority of a concept's labelled pixels on the feature grid."""

    def __init__(self, project: Project, concepts: ConceptSet, truth: MaskFolder, split: str = "train") -> None:
        """Read the masks of the split's images; one without a mask does not count. Raises `ReadError`."""
        self._concepts = concepts
        self._class_ids = concepts.class_ids.tolist()
        names = {c.id: c.name for c in project.classes.all()}
        table = truth.lookup([names.get(c, "") for c in self._class_ids])
        self._counts = np.zeros((len(concepts.family), len(self._class_ids) + 1), dtype=np.int64)
        for image in project.images.by_ids(concepts.image_ids.tolist()):
            path = truth.find(image.path) if split in ("", image.split) else None
            if path is not None:
                self._count(image.id, table[truth.read(path)])

    def verdict(self, concept_id: int, class_id: int) -> str:
        """Return ``object`` if most of the concept's labelled pixels show the class, else ``background``."""
        return "object" if self.share(concept_id, class_id) >= 0.5 else "background"

    def share(self, concept_id: int, class_id: int) -> float:
        """Return which share of the concept's labelled pixels shows the class; 0 where none is labelled."""
        counts = self._counts[self._concepts.atoms_of(concept_id)].sum(axis=0)
        return float(counts[1 + self._class_ids.index(class_id)] / max(1, counts.sum()))

    def _count(self, image_id: int, true: npt.NDArray[np.uint8]) -> None:
        plane = self._concepts.plane(image_id)
        if plane is None:
            return
        sides = zip(true.shape, plane.shape, strict=True)
        rows, columns = (np.linspace(0, many - 1, few).round().astype(np.intp) for many, few in sides)
        seen = true[rows][:, columns]
        counted = (plane != NONE) & (seen != IGNORE)
        np.add.at(self._counts, (plane[counted], seen[counted]), 1)
