"""Puts the labelled images of a data set together into a `ConceptSet`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.clustering import Atoms, GridImage, Labelled
from fbr_engine.concepts.concept_set import BACKGROUND, REPLACED, ConceptSet


class SetBuilder:
    """Takes images by ascending number."""

    def __init__(self, atoms: Atoms) -> None:
        self._atoms = atoms
        self._ids: list[int] = []
        self._labelled: list[Labelled] = []
        self._lacking = np.zeros(len(atoms.family))
        self._alike = np.zeros(len(atoms.family))

    def add(self, image: GridImage, labelled: Labelled) -> None:
        """Take in one image."""
        self._ids.append(image.image_id)
        self._labelled.append(labelled)
        self._lacking += np.isin(self._atoms.family, self._atoms.class_ids[image.known == 0])
        self._alike += labelled.alike

    def build(self, fingerprint: str) -> ConceptSet:
        """Return the set; every atom is a concept of its own, those of one family one behind the other."""
        atoms, found, classes = self._atoms, self._labelled, len(self._atoms.class_ids)
        sizes = [f.labels.size for f in found]
        member_atom = _joined([f.atoms for f in found], np.int32)
        family = atoms.family
        concept = np.arange(1, len(family) + 1, dtype=np.int32)
        concept[~np.isin(np.arange(len(family)), member_atom)] = REPLACED
        return ConceptSet(
            fingerprint=fingerprint,
            revision=0,
            class_ids=atoms.class_ids,
            mean=atoms.mean,
            basis=atoms.basis,
            centroids=atoms.centroids,
            family=family,
            concept=concept,
            elsewhere=np.where(family == BACKGROUND, 0, self._alike / np.maximum(1, self._lacking)).astype(np.float32),
            image_ids=np.array(self._ids, dtype=np.int64),
            start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            shape=np.array([f.labels.shape for f in found], dtype=np.int32).reshape(-1, 2),
            labels=_joined([f.labels.ravel() for f in found], np.uint16),
            member_image=np.repeat(np.arange(len(found)), [len(f.atoms) for f in found]).astype(np.int32),
            member_atom=member_atom,
            member_pixels=_joined([f.pixels for f in found], np.int32),
            member_fit=_joined([f.fit for f in found], np.float32),
            member_cam=_joined([f.cam for f in found], np.float16).reshape(-1, classes),
        )


def _joined(parts: list[Any], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate(parts).astype(kind) if parts else np.zeros(0, dtype=kind)
