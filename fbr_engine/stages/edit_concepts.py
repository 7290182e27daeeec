"""Merging and splitting of concepts. Needs no torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.clustering import PIXELS, member_rows
from fbr_engine.concepts.concept_set import NONE, REPLACED, ConceptSet
from fbr_engine.concepts.kmeans import spherical_kmeans
from fbr_engine.concepts.space import Floats, embed
from fbr_engine.errors import ProjectError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.grid_images import GridImages


def merge(concepts: ConceptSet, ids: Sequence[int]) -> ConceptSet:
    """Return the set with the concepts ``ids`` as one, under a number no concept had before.

    Raises `ProjectError` for concepts that are not there, fewer than two, or of different families.
    """
    wanted = list(dict.fromkeys(int(i) for i in ids))
    families = {_family(concepts, i) for i in wanted}
    if len(wanted) < 2:
        raise ProjectError("one concept alone cannot be merged: choose at least two")
    if len(families) > 1:
        raise ProjectError("concepts of different families cannot be merged: choose those of one class, or background")
    concept = np.where(np.isin(concepts.concept, wanted), _free(concepts), concepts.concept).astype(np.int32)
    return dataclasses.replace(concepts, concept=concept, revision=concepts.revision + 1)


def split(project: Project, info: RunInfo, concepts: ConceptSet, concept_id: int, parts: int = 2) -> ConceptSet:
    """Return the set with a concept's pixels clustered anew into ``parts``, under numbers no concept had before.

    Raises `ProjectError` when there is no such concept or its pixels cannot be told apart, and `ReadError`.
    """
    family = _family(concepts, concept_id)
    with closing(GridImages(project, info)) as images:
        shown = _pixels(images, concepts, concept_id)
        rng = np.random.default_rng([concept_id, concepts.revision])
        rows = np.concatenate([points for _, points, _ in shown]) if shown else concepts.centroids[:0]
        drawn = rows if len(rows) <= PIXELS else rows[np.sort(rng.choice(len(rows), PIXELS, replace=False))]
        centroids = spherical_kmeans(drawn, parts, rng)
    if len(centroids) < 2:
        raise ProjectError(f"concept {concept_id} cannot be split: its pixels are all alike")
    labels = concepts.labels.copy()
    first, number = len(concepts.family), _free(concepts)
    gone = np.isin(concepts.member_atom, concepts.atoms_of(concept_id))
    members = []
    for row, points, cam in shown:
        begin, end = concepts.start[row], concepts.start[row + 1]
        own = np.isin(concepts.labels[begin:end], concepts.atoms_of(concept_id))
        likeness = np.zeros((len(own), first + len(centroids)), dtype=np.float32)
        likeness[own, first:] = points @ centroids.T
        part = np.full(len(own), NONE, dtype=np.uint16)
        part[own] = first + likeness[own, first:].argmax(axis=1)
        labels[begin:end][own] = part[own]
        members.append((row, *member_rows(part, likeness, cam)))
    kept = ~gone
    added = len(centroids)
    concept = np.where(concepts.concept == concept_id, REPLACED, concepts.concept)
    before = concepts.elsewhere[concepts.atoms_of(concept_id)].mean()
    return dataclasses.replace(
        concepts,
        revision=concepts.revision + 1,
        centroids=np.concatenate([concepts.centroids, centroids]),
        family=np.append(concepts.family, [family] * added).astype(np.int32),
        concept=np.append(concept, number + np.arange(added)).astype(np.int32),
        elsewhere=np.append(concepts.elsewhere, [before] * added).astype(np.float32),
        labels=labels,
        member_image=_joined(concepts.member_image[kept], [np.full(len(m[1]), m[0]) for m in members]),
        member_atom=_joined(concepts.member_atom[kept], [m[1] for m in members]),
        member_pixels=_joined(concepts.member_pixels[kept], [m[2] for m in members]),
        member_fit=_joined(concepts.member_fit[kept], [m[3] for m in members]),
        member_cam=_joined(concepts.member_cam[kept], [m[4] for m in members]),
    )


def _pixels(images: GridImages, concepts: ConceptSet, concept_id: int) -> list[tuple[int, Floats, Floats]]:
    """Return, per image that shows a concept: its row, the pixels' embeddings (K x D), its CAMs (C x h x w)."""
    found = []
    for record in images.among([int(concepts.image_ids[row]) for row in concepts.member_table(concept_id)[0]]):
        image, row = images.read(record), concepts.row(record.image.id)
        plane = concepts.concept_plane(record.image.id, concept_id)
        if row is not None and plane.shape == image.nroi.shape:
            points = embed(image.features, concepts.mean, concepts.basis)[plane.ravel()]
            found.append((row, points, image.cam))
    return found


def _family(concepts: ConceptSet, concept_id: int) -> int:
    try:
        return concepts.family_of(concept_id)
    except KeyError:
        raise ProjectError(f"there is no concept {concept_id}: see fbr-engine concepts for their numbers") from None


def _free(concepts: ConceptSet) -> int:
    return int(concepts.concept.max(initial=0)) + 1


def _joined(before: npt.NDArray[Any], parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([before, *(part.astype(before.dtype) for part in parts)])
