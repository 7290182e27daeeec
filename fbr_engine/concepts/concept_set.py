"""The concepts of one run: atoms in comparison space, which pixels each holds, and which atoms make one concept.

An *atom* is one cluster, a centroid. A *concept* is one or more atoms: merging joins them, splitting makes new ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fbr_engine.errors import ReadError

BACKGROUND = 0  # the family of background concepts
NONE = 65535  # the label of a pixel of no atom
REPLACED = 0  # the concept of an atom that was replaced by a split

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Member:
    """One image that shows a concept; ``pixels`` on the feature grid, ``fit``: their mean cosine to their atoms.

    ``cam``: the sum of each tagged class's CAM (0 to 1) over these pixels.
    """

    image_id: int
    pixels: int
    fit: float
    cam: dict[int, float]


@dataclass(frozen=True, slots=True, eq=False)
class Exemplar:
    """An image that shows a concept well; ``pixels``: h x w bool on the feature grid."""

    image_id: int
    pixels: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ConceptSet:
    """All concepts of a run; A atoms, C learnt classes, N images, M members (an image and an atom it shows).

    ``fingerprint``: of the CAMs, tags and configuration they were computed from. ``revision``: grows with every merge
    and split. ``class_ids``: C int32. ``mean``: F, ``basis``: F x D, ``centroids``: A x D float32 (see
    `fbr_engine.concepts.space`). ``family``: A int32, 0 for background, else the class whose activation it is.
    ``concept``: A int32, from 1; 0 for atoms that were replaced. ``elsewhere``: A float32, for an activation atom the
    share of images known to lack its class that show something as like it as its own pixels are.

    ``image_ids``: N int64, ascending. ``start``: N + 1 int64 and ``shape``: N x 2 int32 (h, w) place each image's plane
    in ``labels``: uint16, the atom of each pixel or `NONE`. ``member_image``: M int32, a row of ``image_ids``;
    ``member_atom``: M int32; ``member_pixels``: M int32; ``member_fit``: M float32, the mean cosine to the centroid;
    ``member_cam``: M x C float16, the sum of the CAM of each *tagged* class over these pixels.
    """

    fingerprint: str
    revision: int
    class_ids: npt.NDArray[np.int32]
    mean: npt.NDArray[np.float32]
    basis: npt.NDArray[np.float32]
    centroids: npt.NDArray[np.float32]
    family: npt.NDArray[np.int32]
    concept: npt.NDArray[np.int32]
    elsewhere: npt.NDArray[np.float32]
    image_ids: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    shape: npt.NDArray[np.int32]
    labels: npt.NDArray[np.uint16]
    member_image: npt.NDArray[np.int32]
    member_atom: npt.NDArray[np.int32]
    member_pixels: npt.NDArray[np.int32]
    member_fit: npt.NDArray[np.float32]
    member_cam: npt.NDArray[np.float16]

    def to_arrays(self) -> Arrays:
        """Return all that is kept, by name."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Make a set from `to_arrays`. Raises `ReadError` when the arrays do not belong together."""
        values: dict[str, Any] = {f.name: arrays[f.name] for f in fields(cls)}
        values["fingerprint"], values["revision"] = str(arrays["fingerprint"]), int(arrays["revision"])
        found = cls(**values)
        if not found._is_whole():
            raise ReadError("the concepts do not belong together: compute them again (fbr-engine concepts)")
        return found

    def _is_whole(self) -> bool:
        atoms, images, members = len(self.family), len(self.image_ids), len(self.member_image)
        return (
            len(self.centroids) == len(self.concept) == len(self.elsewhere) == atoms
            and len(self.shape) == images == len(self.start) - 1
            and int(self.start[-1]) == len(self.labels)
            and len(self.member_atom) == len(self.member_pixels) == len(self.member_fit) == members
            and self.member_cam.shape == (members, len(self.class_ids))
        )

    def ids(self) -> list[int]:
        """Return the numbers of all concepts, ascending."""
        return [int(i) for i in np.unique(self.concept) if i != REPLACED]

    def atoms_of(self, concept_id: int) -> npt.NDArray[np.intp]:
        """Return the atoms of a concept; none if there is no such concept."""
        found: npt.NDArray[np.intp] = np.flatnonzero(self.concept == concept_id) if concept_id != REPLACED else _NO_ATOM
        return found

    def family_of(self, concept_id: int) -> int:
        """Return 0 for a background concept, else the class whose activation it is. Raises KeyError."""
        atoms = self.atoms_of(concept_id)
        if not len(atoms):
            raise KeyError(concept_id)
        return int(self.family[atoms[0]])

    def row(self, image_id: int) -> int | None:
        """Return the row of an image in ``image_ids``, or None."""
        place = int(np.searchsorted(self.image_ids, image_id))
        return place if place < len(self.image_ids) and self.image_ids[place] == image_id else None

    def plane(self, image_id: int) -> npt.NDArray[np.uint16] | None:
        """Return the atom of each pixel of an image, h x w, `NONE` where there is none; None for an unknown image."""
        row = self.row(image_id)
        if row is None:
            return None
        height, width = self.shape[row]
        return self.labels[self.start[row] : self.start[row + 1]].reshape(height, width)

    def concept_plane(self, image_id: int, concept_id: int) -> npt.NDArray[np.bool_]:
        """Return where an image shows a concept, h x w; 0 x 0 for an unknown image."""
        plane = self.plane(image_id)
        if plane is None:
            return np.zeros((0, 0), dtype=np.bool_)
        return np.isin(plane, self.atoms_of(concept_id))

    def concepts_plane(self, image_id: int) -> npt.NDArray[np.int32] | None:
        """Return the concept of each pixel of an image, h x w, 0 where there is none; None for an unknown image."""
        plane = self.plane(image_id)
        if plane is None:
            return None
        found: npt.NDArray[np.int32] = np.append(self.concept, 0)[np.minimum(plane, len(self.concept))]
        return found

    def members(self, concept_id: int) -> list[Member]:
        """Return the images that show a concept, those with the most pixels first."""
        images, pixels, fit, cam = self.member_table(concept_id)
        order = np.lexsort((images, -pixels))
        ids = self.class_ids.tolist()
        return [
            Member(
                int(self.image_ids[images[i]]),
                int(pixels[i]),
                float(fit[i]),
                {c: float(v) for c, v in zip(ids, cam[i], strict=True) if v > 0},
            )
            for i in order
        ]

    def member_table(
        self, concept_id: int
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return of the K images that show a concept: their rows in ``image_ids``, pixels, fit; CAM sums, K x C."""
        rows = np.flatnonzero(np.isin(self.member_atom, self.atoms_of(concept_id)))
        images, where = np.unique(self.member_image[rows], return_inverse=True)
        where, weight = where.reshape(-1), self.member_pixels[rows]
        pixels = np.bincount(where, weights=weight, minlength=len(images)).astype(np.int64)
        fit = np.bincount(where, weights=weight * self.member_fit[rows], minlength=len(images)) / np.maximum(pixels, 1)
        cam = np.zeros((len(images), len(self.class_ids)))
        np.add.at(cam, where, self.member_cam[rows].astype(np.float64))
        return images.astype(np.intp), pixels, fit, cam

    def typical(self, concept_id: int, count: int) -> list[int]:
        """Return up to ``count`` images that show a concept well: close to its centroid, with many pixels."""
        images, pixels, fit, _ = self.member_table(concept_id)
        score = np.maximum(fit, 0) * np.sqrt(pixels / np.maximum(1, self.shape[images].prod(axis=1)))
        return [int(self.image_ids[images[i]]) for i in np.lexsort((images, -score))[:count]]

    def exemplars(self, concept_id: int, count: int = 32) -> list[Exemplar]:
        """Return the pixels of up to ``count`` typical images, at most one an image."""
        return [Exemplar(i, self.concept_plane(i, concept_id)) for i in self.typical(concept_id, count)]


_NO_ATOM: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)
