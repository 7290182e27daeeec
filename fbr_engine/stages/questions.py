"""Which concept a person should judge next. Needs no torch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fbr_engine.concepts.concept_set import BACKGROUND
from fbr_engine.concepts.facts import Concept

LEAKS = 0.02  # share of a class's activation from which a background concept is asked about


@dataclass(frozen=True, slots=True)
class Question:
    """Is this concept part of that class? ``gain``: see `Concept`; ``suspicion``: for this class."""

    concept_id: int
    class_id: int
    gain: float
    suspicion: float


class Answers(Protocol):
    """What has been judged, such as `fbr_engine.stages.verdicts.Verdicts`."""

    def judged(self, concept_id: int, class_id: int) -> object | None:
        """Return the judgement of a concept and a class, or None."""


def questions(
    concepts: Iterable[Concept],
    answers: Answers,
    classes: Collection[int] | None = None,
    aliases: Mapping[int, int] | None = None,
) -> list[Question]:
    """Return the questions nobody has answered, those with the most expected gain first.

    An activation concept is asked about for its own class, a background concept for the class that leaks most into
    it. ``classes``: those there are today, if some were merged or deleted since; ``aliases``: what those mean now.
    """
    found = []
    for concept in concepts:
        learnt = concept.family if concept.family != BACKGROUND else _leaking(concept)
        class_id = (aliases or {}).get(learnt, learnt) if learnt is not None else None
        if class_id is None or (classes is not None and class_id not in classes):
            continue
        if concept.pixels and answers.judged(concept.id, class_id) is None:
            suspicion = concept.suspicion.get(class_id, concept.suspicion.get(learnt or 0, 0.0))
            found.append(Question(concept.id, class_id, concept.gain, suspicion))
    return sorted(found, key=lambda q: (-q.gain, q.concept_id))


def _leaking(concept: Concept) -> int | None:
    class_id = max(concept.share, key=lambda c: (concept.share[c], -c), default=None)
    return class_id if class_id is not None and concept.share[class_id] > LEAKS else None
