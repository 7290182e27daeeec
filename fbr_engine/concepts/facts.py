"""What is known of each concept: how large, how spread, how much of each class's activation lies on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import BACKGROUND, ConceptSet
from fbr_engine.concepts.suspicion import suspicions

SHOWN = 0.01  # share of an image's pixels from which it shows a concept


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept; ``pixels`` are those of the feature grid, ``images`` those that show it on at least 1 % of them.

    ``share``: by class, how much of its activation over tagged images lies on the concept. ``with_tag`` and
    ``without_tag``: by class, images that show it and have the tag, or are known not to. ``spread``: 0 (all in one
    image) to 1 (the same in every image that has any of it). ``mean_cam``: the mean CAM of its class, for a background
    concept of the class it takes most from. ``suspicion``: by class, 0 to 1, how likely it co-occurs with the class
    without being part of it. ``gain``: what an answer is expected to change, in pixels.
    """

    id: int
    family: int
    atoms: int
    pixels: int
    images: int
    share: dict[int, float] = field(default_factory=dict)
    with_tag: dict[int, int] = field(default_factory=dict)
    without_tag: dict[int, int] = field(default_factory=dict)
    spread: float = 0.0
    mean_cam: float = 0.0
    suspicion: dict[int, float] = field(default_factory=dict)
    gain: float = 0.0


def concept_facts(concepts: ConceptSet, tags: Mapping[int, Mapping[int, int]]) -> list[Concept]:
    """Return the facts of every concept, by id; ``tags``: 1 or 0 by class id, by image id."""
    known = np.array(
        [[tags.get(int(i), {}).get(int(c), -1) for c in concepts.class_ids] for i in concepts.image_ids], dtype=np.int8
    ).reshape(len(concepts.image_ids), len(concepts.class_ids))
    tagged = known[concepts.member_image] == 1
    totals = np.where(tagged, concepts.member_cam, 0).astype(np.float64).sum(axis=0)
    suspicion = suspicions(concepts, known)
    return [_facts(concepts, i, known, totals, suspicion[i]) for i in concepts.ids()]


def _facts(
    concepts: ConceptSet,
    concept_id: int,
    known: npt.NDArray[np.int8],
    totals: npt.NDArray[np.float64],
    suspicion: dict[int, float],
) -> Concept:
    images, pixels, _, cam = concepts.member_table(concept_id)
    cam = np.where(known[images] == 1, cam, 0)
    share = cam.sum(axis=0) / np.maximum(totals, 1e-9)
    shown = images[pixels >= SHOWN * concepts.shape[images].prod(axis=1)]
    ids = [int(c) for c in concepts.class_ids]
    family = concepts.family_of(concept_id)
    column = ids.index(family) if family in ids else int(share.argmax())
    on_tagged = int(pixels[known[images, column] == 1].sum())
    mean_cam = float(cam[:, column].sum()) / max(1, on_tagged)
    gain = float(cam[:, column].sum()) if family == BACKGROUND else on_tagged * (1 - mean_cam)
    return Concept(
        concept_id,
        family,
        len(concepts.atoms_of(concept_id)),
        int(pixels.sum()),
        len(shown),
        {c: float(share[i]) for i, c in enumerate(ids)},
        {c: int((known[shown, i] == 1).sum()) for i, c in enumerate(ids)},
        {c: int((known[shown, i] == 0).sum()) for i, c in enumerate(ids)},
        evenness(pixels),
        mean_cam,
        suspicion,
        gain,
    )


def evenness(pixels: npt.NDArray[np.int64]) -> float:
    """Return how evenly counts are spread, 0 to 1: their entropy divided by the largest it could be."""
    if len(pixels) < 2:
        return 0.0
    share = pixels / pixels.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(share)))
