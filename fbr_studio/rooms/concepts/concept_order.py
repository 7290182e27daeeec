"""Which concepts the board shows and in which order, in plain values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fbr_engine.concepts.facts import Concept
from fbr_engine.stages.questions import LEAKS

Sort = Literal["suspicion", "share", "gain", "images", "name"]
Judged = Literal["all", "open", "judged"]

SORTS: dict[Sort, str] = {
    "suspicion": "Most suspicious",
    "gain": "Most to gain",
    "share": "Most activation",
    "images": "Most images",
    "name": "Name, A to Z",
}
JUDGED: dict[Judged, str] = {"all": "Judged or not", "open": "Not judged", "judged": "Judged"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """``family``: None for every one, 0 for background. ``only``: these concepts alone, such as a lasso's."""

    family: int | None = None
    judged: Judged = "all"
    text: str = ""
    only: frozenset[int] | None = None


def leading_class(fact: Concept) -> int:
    """Return the class a concept is about: its own, or for background the class with most activation on it; else 0."""
    if fact.family:
        return fact.family
    best = max(fact.share, key=lambda class_id: fact.share[class_id], default=0)
    return best if fact.share.get(best, 0.0) > 0 else 0


def suspicion_of(fact: Concept) -> float:
    """Return the suspicion that a concept is no part of the class it is about, 0 to 1."""
    return fact.suspicion.get(leading_class(fact), 0.0)


def share_of(fact: Concept) -> float:
    """Return how much of the activation of the class it is about lies on a concept, 0 to 1."""
    return fact.share.get(leading_class(fact), 0.0)


def matters(fact: Concept) -> bool:
    """Return whether a judgement of this concept can change masks: background nothing lies on cannot."""
    return bool(fact.family) or share_of(fact) > LEAKS


def can_merge(facts: Mapping[int, Concept], concepts: Sequence[int]) -> bool:
    """Return whether these can become one concept: two or more of one family."""
    return len(concepts) > 1 and len({facts[one].family for one in concepts if one in facts}) == 1


def ordered(
    facts: Mapping[int, Concept],
    name_of: Callable[[int], str],
    judged: Collection[int],
    wanted: Wanted,
    sort: Sort,
) -> list[int]:
    """Return the concepts that pass, in order; ``judged`` are those with a verdict."""
    words = wanted.text.casefold().split()
    found = [
        fact
        for fact in facts.values()
        if (wanted.family is None or fact.family == wanted.family)
        and (wanted.only is None or fact.id in wanted.only)
        and (wanted.judged == "all" or (fact.id in judged) == (wanted.judged == "judged"))
        and all(word in name_of(fact.id).casefold() for word in words)
    ]
    if sort == "name":
        found.sort(key=lambda fact: (_natural(name_of(fact.id)), fact.id))
    else:
        found.sort(key=lambda fact: (-_VALUE[sort](fact), fact.id))
    return [fact.id for fact in found]


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that puts "sheep 9" before "sheep 10"."""
    return [(1, int(word), "") if word.isdecimal() else (0, 0, word.casefold()) for word in text.split()]


_VALUE: dict[Sort, Callable[[Concept], float]] = {
    "suspicion": lambda fact: matters(fact) + suspicion_of(fact),
    "share": share_of,
    "gain": lambda fact: fact.gain,
    "images": lambda fact: fact.images,
}
