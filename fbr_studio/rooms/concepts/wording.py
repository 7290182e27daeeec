"""The room's sentences, from plain values."""

from __future__ import annotations

from fbr_engine.concepts.facts import Concept
from fbr_studio.widgets.formatting import count, counted

_VOWELS = "aeiou"
_NBSP = "\N{NO-BREAK SPACE}"


def question(name: str) -> str:
    """Return the question about a class: ``Is this part of a sheep?``."""
    article = "an" if name[:1].casefold() in _VOWELS else "a"
    return f"Is this part of {article} {name}?"


def facts_line(concept: Concept, class_id: int, name: str) -> str:
    """Return what is known of a concept for a class, in one quiet line."""
    share = 100 * concept.share.get(class_id, 0.0)
    return " · ".join(
        [
            f"{_figure(share)}{_NBSP}% of {name}'s activation",
            counted(concept.images, "image").replace(" ", _NBSP),
            f"suspicion{_NBSP}{100 * concept.suspicion.get(class_id, 0.0):.0f}{_NBSP}%",
        ]
    )


def verdict_words(verdict: str, class_name: str) -> str:
    """Return an answer in words: ``background for sheep``."""
    return {
        "background": f"background for {class_name}",
        "object": f"part of {class_name}" if class_name != "every class" else "part of the object",
        "mixed": "mixed, split in two",
        "skip": "skipped",
    }.get(verdict, verdict)


def progress(answered: int, worth: int, left: int) -> str:
    """Return how far the person is: ``12 answered, about 30 worth asking``."""
    done = f"{count(answered)} answered"
    if left == 0:
        return f"{done}, nothing left to ask"
    if worth == 0:
        return f"{done}; what is left hardly changes the masks"
    return f"{done}, about {count(worth)} worth asking"


def effect_sentence(class_name: str, images: int, pixels: float) -> str:
    """Return an effect: ``sheep: 41 images and 2.1 % of their pixels change``; ``pixels`` is a share, 0 to 1."""
    if images == 0:
        return f"{class_name}: no mask changes"
    change = "change" if images > 1 else "changes"
    their = "their" if images > 1 else "its"
    return f"{class_name}: {counted(images, 'image')} and {_figure(100 * pixels)} % of {their} pixels {change}"


def _figure(value: float) -> str:
    """Return a per cent with as many digits as it deserves."""
    if 0 < value < 0.05:
        return "under 0.1"
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
