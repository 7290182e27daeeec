"""Numbers as people read them: always with their unit, never more digits than they mean."""

from __future__ import annotations

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
