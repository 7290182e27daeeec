"""How masks are fitted to the image, as text: ``none``, or the names of refiners in order, joined by commas."""

from __future__ import annotations

from fbr_engine.errors import ConfigError

NONE = "none"
REFINERS = ("pamr", "crf", "walk")
# What the window and the demo use unless told otherwise: the most for its time, and nothing to learn first.
RECOMMENDED = "crf"
_FINISHER = "crf"


def refine_chain(text: str) -> tuple[str, ...]:
    """Return the refiners that ``text`` names, in order; none of them for ``none``.

    Raises `ConfigError`, listing the names, for one that is not known or comes twice.
    """
    names = tuple(part.strip() for part in text.split(","))
    if names == (NONE,):
        return ()
    if not set(names) <= set(REFINERS) or len(set(names)) < len(names):
        known = ", ".join(REFINERS)
        raise ConfigError(f"refine is {text!r} but must be none, or some of {known}, each once, joined by commas")
    return names


def chain_text(names: tuple[str, ...]) -> str:
    """Return what `refine_chain` reads as ``names``."""
    return ",".join(names) or NONE


def useful_chains() -> tuple[str, ...]:
    """Return the chains worth offering: each refiner alone, and the others with a dense CRF after them."""
    followed = tuple(chain_text((name, _FINISHER)) for name in REFINERS if name != _FINISHER)
    return REFINERS + followed
