"""Which question is next, and what was answered in this window: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from fbr_engine.concepts.facts import Concept
from fbr_engine.stages.questions import Question

Verdict = Literal["background", "object", "mixed", "skip"]
ACTING = ("background", "object")
WORTH = 0.25  # of the largest gain: below it an answer hardly changes the masks


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the judgement's number, what it is about, and for ``mixed`` the concepts it was split into.

    ``class_id`` None: for every class; ``asked`` is the class that was asked about.
    """

    judgement: int
    concept_id: int
    class_id: int | None
    asked: int
    verdict: str
    parts: tuple[int, ...] = ()


@dataclass(slots=True)
class History:
    """What was answered in this window, latest last, and what was undone of it."""

    done: list[Answer] = field(default_factory=list)
    undone: list[Answer] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        """A new answer: what was undone before cannot be redone any more."""
        self.done.append(answer)
        self.undone.clear()

    def undo(self) -> Answer | None:
        """Return the latest answer, which is undone now."""
        if not self.done:
            return None
        self.undone.append(self.done.pop())
        return self.undone[-1]

    def redo(self) -> Answer | None:
        """Return the answer undone last, which is given again now."""
        if not self.undone:
            return None
        self.done.append(self.undone.pop())
        return self.done[-1]

    def last(self) -> Answer | None:
        """Return the latest answer that changes masks."""
        return next((one for one in reversed(self.done) if one.verdict in ACTING), None)

    def was_split(self, judgement: int, parts: tuple[int, ...]) -> None:
        """Remember what a mixed concept was split into."""
        self.done = [replace(one, parts=parts) if one.judgement == judgement else one for one in self.done]

    def renumber(self, old: int, new: int) -> None:
        """A concept has another number: its parts were put together again."""
        self.done, self.undone = (
            [replace(one, concept_id=new) if one.concept_id == old else one for one in stack]
            for stack in (self.done, self.undone)
        )

    def forget(self, judgement: int) -> None:
        """A judgement was taken back elsewhere."""
        self.done = [one for one in self.done if one.judgement != judgement]
        self.undone = [one for one in self.undone if one.judgement != judgement]

    def clear(self) -> None:
        """Forget all: another run or project is shown."""
        self.done.clear()
        self.undone.clear()


def question_about(concept: Concept, class_id: int) -> Question:
    """Return the question whether a concept is part of a class."""
    return Question(concept.id, class_id, concept.gain, concept.suspicion.get(class_id, 0.0))


def question_of(concept: Concept, questions: Sequence[Question]) -> Question:
    """Return the question a concept asks: the open one, else about the class it belongs to or lies on most."""
    for one in questions:
        if one.concept_id == concept.id:
            return one
    return question_about(concept, concept.family or max(concept.share, key=lambda c: concept.share[c], default=0))


def worth_asking(questions: Sequence[Question], facts: Mapping[int, Concept]) -> int:
    """Return how many open questions can still change the masks: their gain is a part of the largest there was."""
    largest = max((one.gain for one in facts.values()), default=0.0)
    return sum(one.gain >= WORTH * largest for one in questions)
