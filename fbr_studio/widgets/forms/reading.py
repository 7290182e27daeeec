"""Text of an editor to a value and back. Every reader raises ValueError with a sentence for the person."""

from __future__ import annotations

from typing import Any


def read_number(text: str) -> float:
    """Return a number; a comma counts as a point, and 1e-4 is understood."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError("Write a number, such as 0.5 or 1e-4.") from None


def read_whole(text: str) -> int:
    """Return a whole number; spaces and commas between thousands are understood."""
    try:
        return int(text.strip().replace(",", "").replace(" ", ""))
    except ValueError:
        raise ValueError("Write a whole number.") from None


def read_numbers(text: str) -> tuple[float, ...]:
    """Return numbers written with commas or spaces between them."""
    try:
        return tuple(float(part) for part in text.replace(",", " ").replace(";", " ").split())
    except ValueError:
        raise ValueError("Write numbers with commas between them, such as 1, 1.5, 2.") from None


def read_words(text: str) -> tuple[str, ...]:
    """Return words written with commas between them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def write(value: Any) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, tuple):
        return ", ".join(write(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
