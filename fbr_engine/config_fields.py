"""What a field of a config is: help line, limits, when it counts; and the base that checks them.

Knows no stage; the configs made of it are in ``fbr_engine.config``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, get_type_hints

from fbr_engine.errors import ConfigError

Names = Literal["", "folder", "run"]
FUNCTION = "package.module:function"
FORMS = {FUNCTION: re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")}


@dataclass(frozen=True, slots=True)
class Option:
    """How one field is shown, asked for and checked; ``names``: what a text is the name of, to be looked for.

    ``other``: what is accepted beside the ``choices``, one of the words of ``FORMS``. ``only_with``: the field changes
    nothing unless one of these parts is chosen (see `StageConfig.parts`). ``settled``: its default, ``auto``, is
    replaced by what it comes to when a run begins.
    """

    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    advanced: bool = False
    unit: str = ""
    names: Names = ""
    other: str = ""
    only_with: tuple[str, ...] = ()
    settled: bool = False

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with ``value``, or None."""
        if self.choices and value not in self.choices and not self._is_other(value):
            other = f", or {self.other}" if self.other else ""
            return f"must be one of {', '.join(map(str, self.choices))}{other}"
        numbers = value if isinstance(value, tuple) else (value,)
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, (int, float)):
                continue
            if not math.isfinite(number):
                return "must be a finite number"
            if self.low is not None and number < self.low:
                return f"must be at least {_plain(self.low)}"
            if self.high is not None and number > self.high:
                return f"must be at most {_plain(self.high)}"
        return None

    def _is_other(self, value: Any) -> bool:
        return bool(self.other) and isinstance(value, str) and FORMS[self.other].fullmatch(value) is not None


def _plain(limit: float) -> str:
    """Return a limit as a person writes it: 100000, not 1e+05."""
    return str(int(limit)) if float(limit).is_integer() else f"{limit:g}"


def option(default: Any, help: str, **limits: Any) -> Any:
    """Return a dataclass field that carries an `Option`."""
    return field(default=default, metadata={"option": Option(help, **limits)})


def weight(default: float, help: str, only_with: tuple[str, ...]) -> Any:
    """Return a field that holds the weight of a loss, which counts with the parts ``only_with``."""
    return option(default, help, low=0, high=100, advanced=True, only_with=only_with)


@dataclass(frozen=True)
class StageConfig:
    """Base of the stage configs: checks limits when made, goes to JSON and back.

    Raises `ConfigError`, naming the field, its value and its limits.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for f in fields(self):
            value = getattr(self, f.name)
            if hints[f.name] is float and type(value) is int:
                object.__setattr__(self, f.name, float(value))
            if isinstance(value, list):
                object.__setattr__(self, f.name, tuple(value))
            problem = option_of(f).problem(getattr(self, f.name))
            if problem:
                raise ConfigError(f"{shown_name(f.name)} is {value!r} but {problem}")
        self.check()

    def check(self) -> None:
        """Check what several fields mean together; subclasses override."""

    @classmethod
    def parts(cls, values: Mapping[str, Any]) -> frozenset[str]:
        """Return which parts ``values`` choose, in the words of ``Option.only_with``; subclasses override.

        ``values`` are fields by name, any of them missing or wrong: a form asks while a person is still writing.
        """
        return frozenset()

    @classmethod
    def idle(cls, values: Mapping[str, Any]) -> frozenset[str]:
        """Return the names of the fields that change nothing beside ``values``, because their part is not chosen."""
        chosen = cls.parts(values)
        bound = {f.name: option_of(f).only_with for f in fields(cls)}
        return frozenset(name for name, parts in bound.items() if parts and chosen.isdisjoint(parts))

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Make a config from `to_json`'s result; fields this version does not know are ignored."""
        known = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in values.items() if k in known})

    def fingerprint(self, *without: str) -> str:
        """Return a short stable hash of the fields: two configs with the same one give the same result."""
        values = {k: v for k, v in self.to_json().items() if k not in without}
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def shown_name(name: str) -> str:
    """Return the name of a field as a person writes it; an underscore at its end keeps it from being a keyword."""
    return name.rstrip("_").replace("_", "-")


def option_of(config_field: dataclasses.Field[Any]) -> Option:
    """Return the `Option` of a config's field."""
    found: Option = config_field.metadata["option"]
    return found
