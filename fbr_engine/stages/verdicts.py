"""Judgements bound to the concepts of one run: what each concept was judged to be, and what follows for a class.

A judgement falls on the concept that holds at least half of its exemplar pixels, and on those that are mostly made of
them, where one concept has become several; so what was said of one run counts for the next. One that falls on no
concept counts by the mean of its pixels. The latest judgement of a concept and class wins; to skip says nothing.
Needs no torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import BACKGROUND, REPLACED, ConceptSet
from fbr_engine.concepts.effect import Cast
from fbr_engine.concepts.space import embed, unit
from fbr_engine.project import Judgement, Project, RunInfo
from fbr_engine.project.judgements import ExemplarPixels
from fbr_engine.stages.stored_features import StoredFeatures

OVERLAP = 0.5  # share of the exemplar pixels that lies on what a judgement falls on; of a part, share that is exemplars
PART = 0.1  # least share of the exemplar pixels that lies on a part
SIGN = {"object": 1, "background": -1, "mixed": 0, "skip": 0}
ACTING = tuple(verdict for verdict, sign in SIGN.items() if sign)
_NOBODY = -1  # the family of a class that was deleted

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """Where a judgement falls: on ``concepts``, or else on a ``centroid``, or nowhere.

    ``overlap``: the share of its pixels, 0 to 1, that lies on these concepts, or on the one with most of them.
    """

    concepts: tuple[int, ...] = ()
    overlap: float = 0.0
    centroid: Floats | None = None


@dataclass(frozen=True, slots=True)
class _Ruling:
    """One verdict on one place: a concept, or, below 0, the pixels of an unbound judgement."""

    place: int
    class_id: int | None
    verdict: str
    judgement: Judgement | None = None


class Verdicts:
    """What stands about the concepts of one set; never changes: `with_`, `without` and `bind` return another."""

    def __init__(
        self,
        concepts: ConceptSet,
        aliases: Mapping[int, int],
        judgements: Iterable[Judgement],
        bindings: Mapping[int, Binding],
        trials: Iterable[_Ruling] = (),
    ) -> None:
        self.concepts = concepts
        self.judgements = tuple(judgements)
        self._aliases, self._bindings, self._trials = dict(aliases), dict(bindings), tuple(trials)
        self._families = np.array([_today(int(f), aliases) for f in concepts.family], dtype=np.int64)
        self._centroids: dict[int, Floats] = {}
        self._rulings: dict[int, list[_Ruling]] = {}
        origins: dict[tuple[int | None, int, str], int] = {}
        for judgement in self.judgements:
            self._rule(judgement, origins)
        for trial in self._trials:
            self._rulings.setdefault(trial.place, []).append(trial)
        self._casts: dict[int, Cast] = {}
        self._digests: dict[int, str] = {}

    def of(self, concept_id: int, class_id: int) -> int:
        """Return 1 if the concept is part of the object, -1 if it is background for the class, 0 if neither is said."""
        found = self._latest(concept_id, class_id, ACTING)
        return SIGN[found.verdict] if found else 0

    def judged(self, concept_id: int, class_id: int) -> Judgement | None:
        """Return the judgement that holds for a concept and class, also one that was skipped, or None."""
        found = self._latest(concept_id, class_id)
        return found.judgement if found else None

    def binding(self, judgement_id: int) -> Binding:
        """Return where a judgement falls."""
        return self._bindings.get(judgement_id, Binding())

    def with_(self, concept_id: int, class_id: int | None, verdict: str) -> Verdicts:
        """Return these and one more, to see what it would do; without ``class_id`` it is about every class."""
        trials = (*self._trials, _Ruling(concept_id, class_id, verdict))
        return Verdicts(self.concepts, self._aliases, self.judgements, self._bindings, trials)

    def without(self, judgement_id: int) -> Verdicts:
        """Return these as they were without one judgement, to see what taking it back would do."""
        kept = [j for j in self.judgements if j.id != judgement_id]
        return Verdicts(self.concepts, self._aliases, kept, self._bindings, self._trials)

    def cast(self, class_id: int) -> Cast:
        """Return what the pixels of a class are compared with."""
        if class_id not in self._casts:
            self._casts[class_id] = self._cast(class_id)
        return self._casts[class_id]

    def digest(self, class_ids: Iterable[int]) -> str:
        """Return a hash of all that changes the CAMs of these classes, and empty text if nothing does."""
        acting = [c for c in sorted(set(class_ids)) if self.cast(c).acts]
        for c in acting:
            if c not in self._digests:
                self._digests[c] = self._digest(c)
        return hashlib.sha256(repr([self._digests[c] for c in acting]).encode()).hexdigest()[:16] if acting else ""

    def _rule(self, judgement: Judgement, origins: dict[tuple[int | None, int, str], int]) -> None:
        binding = self.binding(judgement.id)
        places = binding.concepts
        if binding.centroid is not None:  # what was said again of the same concept is about the same pixels
            places = (origins.setdefault(judgement.about, -1 - len(origins)),)
            self._centroids[places[0]] = binding.centroid
        for place in places:
            ruling = _Ruling(place, judgement.class_id, judgement.verdict, judgement)
            self._rulings.setdefault(place, []).append(ruling)

    def _latest(self, place: int, class_id: int, verdicts: Collection[str] = tuple(SIGN)) -> _Ruling | None:
        found = reversed(self._rulings.get(place, ()))
        return next((r for r in found if r.class_id in (None, class_id) and r.verdict in verdicts), None)

    def _cast(self, class_id: int) -> Cast:
        concepts = self.concepts
        alive = concepts.concept != REPLACED
        own = np.flatnonzero(alive & (self._families == class_id))
        signs = {int(i): self.of(int(i), class_id) for i in np.unique(concepts.concept)}
        sign = np.array([signs[int(i)] for i in concepts.concept], dtype=np.int8)
        foreign = np.flatnonzero(alive & (self._families != class_id) & (sign != 0))
        atoms = np.concatenate([own, foreign])
        unbound = [place for place in sorted(self._centroids, reverse=True) if self.of(place, class_id)]
        extra = np.array([self.of(place, class_id) for place in unbound], dtype=np.int8)
        centroids = [concepts.centroids[atoms], *(self._centroids[place][None] for place in unbound)]
        put_back = (self._families[atoms] == BACKGROUND) & (sign[atoms] > 0)
        return Cast(
            np.concatenate(centroids).astype(np.float32),
            len(own),
            np.concatenate([sign[atoms], extra]),
            np.concatenate([put_back, np.zeros(len(unbound), dtype=np.bool_)]),
        )

    def _digest(self, class_id: int) -> str:
        found = hashlib.sha256(f"{class_id} {self.cast(class_id).digest()}".encode())
        for array in (self.concepts.mean, self.concepts.basis):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


def bind(project: Project, info: RunInfo, concepts: ConceptSet, known: Verdicts | None = None) -> Verdicts:
    """Return the standing judgements of the project, bound to the concepts of one run.

    ``known``: verdicts on the same set, whose bindings are used again. Raises `ReadError`, `ProjectError`.
    """
    bindings = dict(known._bindings) if known is not None and known.concepts is concepts else {}
    binder = _Binder(project, info, concepts)
    standing = _not_overtaken(project.judgements.all())
    bindings |= {j.id: binder.bind(j) for j in standing if j.id not in bindings}
    return Verdicts(concepts, project.classes.aliases(), standing, bindings)


def _not_overtaken(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return what still counts: who finds a concept mixed takes back what was said of the whole before."""
    kept: list[Judgement] = []
    for judgement in judgements:
        if judgement.verdict == "mixed":
            said = (None, judgement.class_id)
            kept = [j for j in kept if j.about != judgement.about or (said != (None, None) and j.class_id not in said)]
        kept.append(judgement)
    return kept


class _Binder:
    """Finds where judgements fall."""

    def __init__(self, project: Project, info: RunInfo, concepts: ConceptSet) -> None:
        self._concepts = concepts
        self._features = StoredFeatures(project, info)
        self._size = int(concepts.concept.max(initial=0)) + 1

    def bind(self, judgement: Judgement) -> Binding:
        if judgement.verdict == "mixed":
            return Binding()  # what it did was to split the concept
        there = [e for e in judgement.exemplars() if self._concepts.row(e.image_id) is not None]
        planes = [self._aligned(exemplar) for exemplar in there]
        total = sum(int(pixels.sum()) for _, pixels in planes)
        if not total:
            return Binding()
        inside = self._count(plane[pixels] for plane, pixels in planes)
        everywhere = self._count(plane.ravel() for plane, _ in planes)
        inside[REPLACED] = 0
        share, made_of = inside / total, inside / np.maximum(everywhere, 1)
        chosen = np.flatnonzero((share >= OVERLAP) | ((made_of >= OVERLAP) & (share >= PART)))
        if share[chosen].sum() >= OVERLAP:
            return Binding(tuple(chosen[np.argsort(-share[chosen])].tolist()), float(share[chosen].sum()))
        return Binding((), float(share.max()), self._mean_of(there) if judgement.verdict in ACTING else None)

    def _count(self, labels: Iterable[npt.NDArray[np.int32]]) -> npt.NDArray[np.int64]:
        return np.bincount(np.concatenate(list(labels)), minlength=self._size).astype(np.int64)

    def _aligned(self, exemplar: ExemplarPixels) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        plane = self._concepts.concepts_plane(exemplar[0])
        assert plane is not None
        return plane, resized_pixels(exemplar[1], (plane.shape[0], plane.shape[1]))

    def _mean_of(self, exemplars: Iterable[ExemplarPixels]) -> Floats | None:
        total = np.zeros(self._concepts.basis.shape[1], dtype=np.float64)
        for image, pixels in exemplars:
            features = self._features.read(image)
            if features is not None:
                inside = resized_pixels(pixels, (features.shape[0], features.shape[1]))
                total += embed(features[inside], self._concepts.mean, self._concepts.basis).sum(axis=0)
        return unit(total[None])[0] if total.any() else None


def resized_pixels(pixels: npt.NDArray[np.bool_], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return pixels, h x w, on another grid by the nearest one; corners lie on corners."""
    if pixels.shape == size:
        return pixels
    rows, columns = (np.linspace(0, n - 1, m).round().astype(np.intp) for n, m in zip(pixels.shape, size, strict=True))
    found: npt.NDArray[np.bool_] = pixels[rows][:, columns]
    return found


def _today(family: int, aliases: Mapping[int, int]) -> int:
    """Return what the class of a concept is today."""
    return family if family == BACKGROUND else aliases.get(family, family) or _NOBODY
