"""Which texts a few typed letters mean, best first."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+")

Rank = tuple[int, int, int]


def rank(typed: str, text: str) -> Rank | None:
    """Return how well ``typed`` names ``text`` (smaller is better), or None if the text lacks these letters in order.

    First texts that begin with it, then those with a word that does, then initials, then parts, then scattered letters;
    within each the closer letters and the shorter text.
    """
    wanted, there = " ".join(typed.casefold().split()), text.casefold()
    letters = wanted.replace(" ", "")
    if not letters:
        return 0, 0, 0
    words = list(_WORD.finditer(there))
    if there.startswith(wanted):
        return 0, 0, len(there)
    if any(there.startswith(wanted, word.start()) for word in words):
        return 1, there.index(wanted), len(there)
    if _shortest_span(letters, "".join(word[0][0] for word in words)) is not None:
        return 2, 0, len(there)
    if wanted in there:
        return 3, there.index(wanted), len(there)
    span = _shortest_span(letters, there)
    return None if span is None else (4, span, len(there))


def best(typed: str, texts: Sequence[str]) -> list[int]:
    """Return the indices of the texts that ``typed`` can mean, best first; all of them, in order, for nothing typed."""
    ranks = [(rank(typed, text), i) for i, text in enumerate(texts)]
    return [i for found, i in sorted((r, i) for r, i in ranks if r is not None)]


def _shortest_span(letters: str, text: str) -> int | None:
    """Return the length of the shortest part of ``text`` that holds ``letters`` in order."""
    spans: list[int] = []
    for start in (i for i, letter in enumerate(text) if letter == letters[0]):
        at = start
        for letter in letters[1:]:
            at = text.find(letter, at + 1)
            if at < 0:
                return min(spans, default=None)
        spans.append(at - start + 1)
    return min(spans, default=None)
