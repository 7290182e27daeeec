"""Command-line options from config dataclasses, and configs from what was typed."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from fbr_engine.config_fields import Option, StageConfig, option_of, shown_name
from fbr_engine.errors import ConfigError

Config = TypeVar("Config", bound=StageConfig)

_METAVARS = {
    "images": "DIR",
    "masks": "DIR",
    "out": "DIR",
    "saliency": "DIR",
    "seeds_from": "RUN",
    "start_from": "RUN",
    "tags": "FILE",
    "split": "S",
    "weights": "FILE|imagenet|drawn|none",
    "method": "HOST[+fbr]",
    "backbone": "NAME|package.module:function",
    "classes": "a,b,c",
    "scales": "1,1.5,2",
    "threshold": "auto|X",
    "class_": "NAME|all",
    "refine": "none|A,B",
}
_SHORT = {"method": "; 'fbr' is short for cam+fbr"}


def add_options(parser: argparse.ArgumentParser, config: type[StageConfig], required: tuple[str, ...] = ()) -> None:
    """Add an option per field: ``--kebab-case``, with its help line, limits and default."""
    hints = get_type_hints(config)
    advanced = parser.add_argument_group("advanced")
    for field in dataclasses.fields(config):
        info = option_of(field)
        place = advanced if info.advanced else parser
        arguments: dict[str, Any] = {
            "dest": field.name,
            "default": argparse.SUPPRESS,
            "help": _help(info, "" if field.name in required else field.default) + _SHORT.get(field.name, ""),
            "required": field.name in required,
        }
        flag = f"--{shown_name(field.name)}"
        if hints[field.name] is bool:
            place.add_argument(flag, action=argparse.BooleanOptionalAction, **arguments)
            continue
        if info.choices and not info.other and field.name != "method":
            arguments["choices"] = info.choices
        arguments["metavar"] = _metavar(field.name, hints[field.name], () if info.other else info.choices)
        place.add_argument(flag, type=_reader(field.name, hints[field.name]), **arguments)


def read_config(parser: argparse.ArgumentParser, config: type[Config], typed: argparse.Namespace) -> Config:
    """Make the config from the typed options; wrong values end the program as wrong usage (exit 2)."""
    try:
        return config(**typed_options(config, typed))
    except ConfigError as error:
        parser.error(str(error))


def typed_options(config: type[StageConfig], typed: argparse.Namespace) -> dict[str, Any]:
    """Return only the options that were given."""
    names = {field.name for field in dataclasses.fields(config)}
    return {name: value for name, value in vars(typed).items() if name in names}


def _help(info: Option, default: Any) -> str:
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
    if isinstance(default, bool):
        shown = "on" if default else "off"
    parts = ("only with " + " or ".join(info.only_with) if info.only_with else "", info.unit)
    notes = ", ".join(part for part in (*parts, f"default {shown}" if shown else "") if part)
    return (f"{info.help} ({notes})" if notes else info.help).replace("%", "%%")


def _metavar(name: str, kind: Any, choices: tuple[Any, ...]) -> str | None:
    if kind in (int, float):  # also where another stage's option of that name is a folder
        return None if choices else "N"
    return _METAVARS.get(name, None if choices else name.upper())


def _reader(name: str, kind: Any) -> Callable[[str], Any]:
    if name == "method":
        return lambda text: "cam+fbr" if text == "fbr" else text
    if kind == tuple[float, ...]:
        return _numbers
    if kind == tuple[str, ...]:
        return _names
    reader: Callable[[str], Any] = kind
    return reader


def _numbers(text: str) -> tuple[float, ...]:
    """Read ``1,1.5,2``."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 1,1.5,2") from None


def _names(text: str) -> tuple[str, ...]:
    """Read ``cat,dog``."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
