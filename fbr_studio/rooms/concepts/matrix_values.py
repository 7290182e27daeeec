"""The numbers of the two matrices, and the images behind each of their cells, worst first. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.facts import Concept
from fbr_engine.project import ImageFilter, Project
from fbr_studio.rooms.concepts.concept_order import suspicion_of

COLUMNS = 12
SUSPICIOUS = 0.5
_CHUNK = 20_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CoOccurrence:
    """C x C ``counts``: images tagged with both classes; on the diagonal, images tagged with the class."""

    class_ids: list[int]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Leakage:
    """C x K ``shares``: how much of each class's activation lies on a concept, 0 to 1.

    The K concepts are background, or suspicious for their own class. ``others``: C, how much lies on more of them.
    """

    class_ids: list[int]
    concepts: list[int]
    shares: Floats
    others: Floats


def co_occurrence(project: Project, class_ids: Sequence[int]) -> CoOccurrence:
    """Return how often classes are tagged together, over all images. May take a second for 100,000 images."""
    ids = [int(c) for c in class_ids]
    counts = np.zeros((len(ids), len(ids)), dtype=np.int64)
    images = project.gallery.ids(ImageFilter(state="tagged"))
    for start in range(0, len(images), _CHUNK):
        present = (project.tags.matrix(images[start : start + _CHUNK].tolist(), ids) == 1).astype(np.int64)
        counts += present.T @ present
    return CoOccurrence(ids, counts)


def leakage(concepts: ConceptSet, facts: Mapping[int, Concept], most: int = COLUMNS) -> Leakage:
    """Return where each class's activation lies although it should not; those that take most come first."""
    ids = [int(c) for c in concepts.class_ids]
    rows = {fact.id: np.array([_leak(fact, c) for c in ids]) for fact in facts.values()}
    order = sorted(rows, key=lambda concept: (-rows[concept].max(initial=0.0), concept))
    shown = [concept for concept in order[:most] if rows[concept].max(initial=0.0) > 0]
    empty = np.zeros(len(ids))
    shares = np.array([[facts[concept].share.get(c, 0.0) for c in ids] for concept in shown])
    others = np.sum([rows[concept] for concept in order if concept not in shown] or [empty], axis=0)
    return Leakage(ids, shown, shares.reshape(len(shown), len(ids)).T, others)


def _leak(fact: Concept, class_id: int) -> float:
    """Return the share of a class's activation on a concept; its own concepts count only if they are suspicious."""
    if fact.family == class_id and suspicion_of(fact) < SUSPICIOUS:
        return 0.0
    if fact.family not in (0, class_id):
        return 0.0
    return fact.share.get(class_id, 0.0)


def images_with_both(
    project: Project, concepts: ConceptSet, facts: Mapping[int, Concept], pair: tuple[int, int]
) -> list[int]:
    """Return the images tagged with both classes; those where most of their activation is suspicious come first."""
    images = project.gallery.ids(ImageFilter(present=tuple(dict.fromkeys(pair))))
    bad = sum((_bad_activation(concepts, facts, class_id) for class_id in set(pair)), np.zeros(len(concepts.image_ids)))
    of_image = dict(zip(concepts.image_ids.tolist(), bad.tolist(), strict=True))
    return sorted((int(i) for i in images), key=lambda image: (-of_image.get(image, -1.0), image))


def images_of_leak(concepts: ConceptSet, concept: int, class_id: int) -> list[int]:
    """Return the images where a class's activation lies on a concept, those with most of it first."""
    images, _, _, cam = concepts.member_table(concept)
    values = cam[:, concepts.class_ids.tolist().index(class_id)]
    order = np.argsort(-values, kind="stable")
    return [int(concepts.image_ids[images[i]]) for i in order if values[i] > 0]


def _bad_activation(concepts: ConceptSet, facts: Mapping[int, Concept], class_id: int) -> Floats:
    """Return of each image the share of a class's activation that lies where it should not: N, 0 to 1."""
    column = concepts.class_ids.tolist().index(class_id) if class_id in concepts.class_ids else -1
    if column < 0:
        return np.zeros(len(concepts.image_ids))
    leaks = {concept for concept, fact in facts.items() if _leak(fact, class_id) > 0}
    bad_atoms = np.isin(concepts.concept, list(leaks))
    cam = concepts.member_cam[:, column].astype(np.float64)
    count = len(concepts.image_ids)
    bad = np.bincount(concepts.member_image, weights=cam * bad_atoms[concepts.member_atom], minlength=count)
    whole = np.bincount(concepts.member_image, weights=cam, minlength=count)
    return bad / np.maximum(whole, 1e-9)
