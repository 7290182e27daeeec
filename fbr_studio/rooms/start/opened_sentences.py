"""What a person is told about a project that was just made."""

from __future__ import annotations

from fbr_studio.jobs.opening import Opened
from fbr_studio.widgets.formatting import counted

_LEFT_OUT = "in the folder but not listed"  # how the stage begins what is told here with its remedy


def opened_sentences(found: Opened) -> str:
    """Return what a person should know about a project that was just made; empty where there is nothing."""
    parts = []
    if found.tags is not None:
        text = f"Tags from {found.tags}: {counted(found.tagged, 'image')}"
        if found.unlisted:
            verb = "was" if found.unlisted == 1 else "were"
            text += f"; {counted(found.unlisted, 'photo')} not listed {verb} left out"
        parts.append(text)
    told = [notice.message for notice in found.notices if not notice.message.startswith(_LEFT_OUT)]
    if told:
        said = "; ".join(told[:3])
        parts.append(f"{said[:1].upper()}{said[1:]}")
    return " ".join(f"{part}." for part in parts)
