"""How likely a concept comes along with a class without being part of it; no mask is looked at (docs/concepts.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import BACKGROUND, NONE, ConceptSet

Values = npt.NDArray[np.float64]


def suspicions(concepts: ConceptSet, known: npt.NDArray[np.int8]) -> dict[int, dict[int, float]]:
    """Return, by concept and class id, 0 to 1; ``known``: N x C tags of the set's images (1, 0, -1).

    An activation concept is suspected for its own class: the mean of its ranks, among all activation concepts of the
    run, by the measures of `Layout` and by ``elsewhere``. A background concept is suspected for every class: how much
    more often images with the tag show it than images without, times its share of the class's activation over the
    largest such share.
    """
    ids = concepts.ids()
    families = np.array([concepts.family_of(i) for i in ids], dtype=np.int64)
    found: dict[int, dict[int, float]] = {i: {} for i in ids}
    active = np.flatnonzero(families != BACKGROUND)
    layout = layout_of(concepts, ids)
    measures = (layout.ragged, layout.fringe, layout.border, _elsewhere(concepts, ids))
    scores = np.mean([ranks(measure[active]) for measure in measures], axis=0) if len(active) else np.zeros(0)
    for place, score in zip(active, scores, strict=True):
        found[ids[place]][int(families[place])] = float(score)
    ground = [i for i, family in zip(ids, families, strict=True) if family == BACKGROUND]
    for concept_id, row in zip(ground, _leaks(concepts, ground, known), strict=True):
        found[concept_id] = {int(c): float(v) for c, v in zip(concepts.class_ids, row, strict=True)}
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How the pixels of K concepts lie in their images; each of K values.

    ``ragged``: neighbours (of four) of another concept per pixel. ``fringe``: those of them that are background.
    ``border``: share of the pixels that lie on the image's border.
    """

    ragged: Values
    fringe: Values
    border: Values


def layout_of(concepts: ConceptSet, ids: list[int]) -> Layout:
    """Return how the concepts ``ids`` lie in all images of the set."""
    place = np.full(int(concepts.concept.max(initial=0)) + 1, len(ids))
    place[ids] = np.arange(len(ids))
    of_atom = np.append(place[concepts.concept], len(ids))
    ground = np.array([concepts.family_of(i) == BACKGROUND for i in ids] + [False])
    plane = of_atom[np.where(concepts.labels == NONE, len(concepts.concept), concepts.labels)]
    sizes = np.diff(concepts.start)
    width = np.repeat(concepts.shape[:, 1].astype(np.int64), sizes)
    height = np.repeat(concepts.shape[:, 0].astype(np.int64), sizes)
    offset = np.arange(len(plane)) - np.repeat(concepts.start[:-1], sizes)
    row, column = offset // np.maximum(width, 1), offset % np.maximum(width, 1)
    counts = np.zeros((2, len(ids) + 1))
    for inside, step in ((column + 1 < width, np.ones_like(width)), (row + 1 < height, width)):
        one = np.flatnonzero(inside)
        other = one + step[one]
        differs = plane[one] != plane[other]
        for a, b in ((plane[one][differs], plane[other][differs]), (plane[other][differs], plane[one][differs])):
            counts[0] += np.bincount(a, minlength=len(ids) + 1)
            counts[1] += np.bincount(a, weights=ground[b], minlength=len(ids) + 1)
    outermost = (row == 0) | (column == 0) | (row + 1 == height) | (column + 1 == width)
    border = np.bincount(plane[outermost], minlength=len(ids) + 1)
    pixels = np.maximum(1, np.bincount(plane, minlength=len(ids) + 1))
    ragged, fringe, edge = (values[: len(ids)] / pixels[: len(ids)] for values in (*counts, border))
    return Layout(ragged, fringe, edge)


def ranks(values: Values) -> Values:
    """Return the rank of each value as a share: 0.5 / n for the lowest, 1 - 0.5 / n for the highest, ties alike."""
    ordered = np.sort(values)
    low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    shares: Values = (low + high) / 2 / max(1, len(values))
    return shares


def _elsewhere(concepts: ConceptSet, ids: list[int]) -> Values:
    pixels = np.bincount(concepts.member_atom, weights=concepts.member_pixels, minlength=len(concepts.family))
    atoms = [concepts.atoms_of(i) for i in ids]
    return np.array([np.average(concepts.elsewhere[a], weights=np.maximum(pixels[a], 1)) for a in atoms])


def _leaks(concepts: ConceptSet, ids: list[int], known: npt.NDArray[np.int8]) -> Values:
    """Return the suspicion of background concepts ``ids`` for every class, K x C."""
    share, lift = np.zeros((len(ids), known.shape[1])), np.zeros((len(ids), known.shape[1]))
    with_tag, without = (known == 1).sum(axis=0), (known == 0).sum(axis=0)
    for place, concept_id in enumerate(ids):
        images, _, _, cam = concepts.member_table(concept_id)
        share[place] = np.where(known[images] == 1, cam, 0).sum(axis=0)
        often = (known[images] == 1).sum(axis=0) / np.maximum(1, with_tag)
        seldom = (known[images] == 0).sum(axis=0) / np.maximum(1, without)
        lift[place] = often / np.maximum(often + seldom, 1e-9)
    leaks: Values = lift * share / np.maximum(share.max(axis=0, initial=0), 1e-9)
    return leaks
