"""Numbers and messages as people read them: figures with their unit, sentences without the command line's words."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"(?:^|(?<=[\s(]))(?:--[a-z]|fbr-engine\b)")
_PHRASES = (
    (r"\[Errno -?\d+\] ?", ""),
    (
        r"Name or service not known|Temporary failure in name resolution|getaddrinfo failed"
        r"|nodename nor servname provided, or not known",
        "the server was not found",
    ),
    (r"go on with fbr-engine train --resume", "resume it in Training"),
    (r"run fbr-engine cams again", "make its CAMs and masks again"),
    (r"make one with fbr-engine new .*", "open its folder of photos to make one"),
    (r"export with --review all", "export all of them, whatever their review"),
    (r"export with --copy-images", "copy the images too"),
    (r"give it with --weights FILE", "choose the file under Weights"),
    (r" ?\((?:run )?(?:[^()]*[ (,])?(?:--[a-z]|fbr-engine\b)[^()]*\)", ""),
    (r" with --[a-z-]+(?: FILE| DIR)?, or (?=with )", " "),
    (r" with (?:fbr-engine [^;:,()]*|--[a-z-]+(?: FILE| DIR)?)(?=$|[.,;:]| or )", ""),
    (r"(?<=new|the|rge|ler|wer) --([a-z][a-z-]*)", r" \1"),  # a new --run name, a smaller --crop
    (r"\brun again\b", "try again"),
)
_STEPS = ("B", "kB", "MB", "GB", "TB", "PB")


def count(number: int) -> str:
    """Return a whole number with its thousands apart: 1,163."""
    return f"{number:,}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and its unit: ``1 image``, ``1,163 images``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def of_total(done: int, total: int, unit: str) -> str:
    """Return how far something is: ``120 of 1,163 images``; without a total just ``120 images``."""
    if total <= 0:
        return f"{count(done)} {unit}".strip()
    return f"{count(done)} of {count(total)} {unit}".strip()


def duration(seconds: float) -> str:
    """Return a length of time: ``0.4 s``, ``45 s``, ``2:10 min``, ``1:05 h``, ``2 d 3 h``."""
    if seconds < 0.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60}:{minutes % 60:02d} h"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def time_left(seconds: float | None) -> str:
    """Return what remains: ``45 s left``, ``2:10 left`` (minutes and seconds), ``1:05 h left``; nothing for None."""
    if seconds is None:
        return ""
    if seconds < 1:
        return "1 s left"
    return f"{duration(seconds).removesuffix(' min')} left"


def rate(per_second: float | None, unit: str) -> str:
    """Return a speed: ``41 images/s``, ``3.2 images/s``, by the minute or hour where it is slow; nothing for None."""
    if per_second is None or per_second <= 0:
        return ""
    for seconds, short in ((1, "s"), (60, "min"), (3600, "h")):
        value = per_second * seconds
        if value >= 0.95 or short == "h":
            figure = f"{value:.1f}" if value < 9.95 else count(round(value))
            return f"{figure} {unit}/{short}"
    return ""


def byte_size(size: int) -> str:
    """Return a size on the disk in steps of 1000: ``812 B``, ``1.4 MB``, ``23 GB``."""
    value, step = float(size), 0
    while value >= 999.5 and step < len(_STEPS) - 1:
        value, step = value / 1000, step + 1
    figure = f"{value:.1f}" if step and value < 9.95 else f"{value:.0f}"
    return f"{figure} {_STEPS[step]}"


def per_cent(part: float, whole: float) -> str:
    """Return a share: ``38 %``; a share of nothing is ``0 %``."""
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def without_commands(text: str) -> str:
    """Return a message of the engine as the window says it: a sentence without the words of the command line.

    What only tells an option or a command is left out; a form field or a button of the window stands for it.
    """
    for pattern, words in _PHRASES:
        text = re.sub(pattern, words, text)
    clauses = re.split(r"(; |: )", text)
    kept = clauses[0]
    for mark, clause in zip(clauses[1::2], clauses[2::2], strict=True):
        left = _without_options(clause)
        kept += mark + left if left else ""
    first = kept.partition(" ")[0]
    if first.isalpha():  # not a path, which must stay as it is
        kept = kept[:1].upper() + kept[1:]
    return kept + ("." if kept and kept[-1] not in ".?" else "")


def _without_options(clause: str) -> str:
    """Return a clause without the ways out that name an option; nothing if its first one does."""
    ways = re.split(r"(,? or )", clause)
    if _COMMAND.search(ways[0]):
        return ""
    kept = ways[0]
    for mark, way in zip(ways[1::2], ways[2::2], strict=True):
        kept += "" if _COMMAND.search(way) else mark + way
    return kept
