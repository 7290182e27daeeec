"""The doctor's report as text, for the About panel; imports torch, so it is made in the background."""

from __future__ import annotations

from typing import Any

from fbr_engine.config import DoctorConfig
from fbr_engine.events import Result
from fbr_engine.stage_table import STAGES


def doctor_report() -> str:
    """Return what the stage ``doctor`` says, one line per fact."""
    for event in STAGES["doctor"].load()(DoctorConfig()):
        if isinstance(event, Result):
            return "\n".join(_lines(dict(event.values)))
    return ""


def _lines(values: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
        elif isinstance(value, (list, tuple)):
            lines += [f"{indent}{name}:", *(f"{indent}  {item}" for item in value)]
        else:
            lines.append(f"{indent}{name}: {value}")
    return lines
