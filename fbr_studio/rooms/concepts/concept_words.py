"""What is said of a concept: its numbers with their units, its verdict, one sentence for tooltips and readers."""

from __future__ import annotations

from fbr_engine.concepts.facts import Concept
from fbr_studio.rooms.concepts.concept_order import leading_class, suspicion_of
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.rooms.concepts.wording import verdict_words
from fbr_studio.widgets.formatting import counted

_LEAST = 0.005  # shares below are not told


def per_cent(share: float) -> str:
    """Return a share: ``41 %``, ``0.6 %`` where it is small."""
    value = 100 * share
    return f"{value:.1f} %" if 0 < value < 0.95 else f"{value:.0f} %"


def shares_line(model: ConceptsModel, fact: Concept, most: int = 2) -> str:
    """Return how much of which classes' activation lies on a concept: ``41 % of sheep, 2 % of cow``."""
    classes = sorted(fact.share, key=lambda class_id: -fact.share[class_id])[:most]
    told = [f"{per_cent(fact.share[c])} of {model.class_name(c)}" for c in classes if fact.share[c] >= _LEAST]
    return ", ".join(told) or "no class's activation"


def spread_line(fact: Concept) -> str:
    """Return how many images show a concept, and how evenly."""
    return f"{counted(fact.images, 'image')}, spread {fact.spread:.2f}"


def verdict_line(model: ConceptsModel, fact: Concept) -> str:
    """Return what was judged of a concept for the class it is about; nothing if it was not."""
    verdict = verdict_of(model, fact)
    return verdict_words(verdict, model.class_name(leading_class(fact) or None)) if verdict else ""


def verdict_of(model: ConceptsModel, fact: Concept) -> str:
    """Return what was judged of a concept for the class it is about; nothing if it was not."""
    return model.verdict_of(fact.id, leading_class(fact))


def sentence(model: ConceptsModel, fact: Concept) -> str:
    """Return all of it in words."""
    kind = f"activation of {model.class_name(fact.family)}" if fact.family else "background"
    parts = [
        f"{model.concept_name(fact.id)}: {kind}",
        f"on it lies {shares_line(model, fact, 3)}",
        f"suspicion {per_cent(suspicion_of(fact))}",
        spread_line(fact),
    ]
    class_id = leading_class(fact)
    if class_id:
        name = model.class_name(class_id)
        parts.append(
            f"{fact.with_tag.get(class_id, 0):,} with and {fact.without_tag.get(class_id, 0):,} without {name}"
        )
    judged = verdict_line(model, fact)
    return "; ".join([*parts, f"judged {judged}" if judged else "not judged yet"]) + "."
