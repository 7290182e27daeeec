"""What a form must know of one field of a config, read from the dataclass alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_type_hints

from fbr_engine.config_fields import Option, StageConfig, option_of

Kind = Literal["check", "choice", "word", "whole", "number", "numbers", "words", "text"]

SPIN_LIMIT = 2**31 - 1
_WORDS = {
    "lr": "learning rate",
    "cam": "CAM",
    "cams": "CAMs",
    "nroi": "NROI",
    "nrois": "NROIs",
    "dims": "dimensions",
    "batchnorm": "BatchNorm",
    "fbr": "FBR",
}


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: ``label`` in plain words, the kind of editor that fits its type, and its `Option`."""

    name: str
    label: str
    kind: Kind
    option: Option
    default: Any

    @property
    def help(self) -> str:
        """The help line as a sentence."""
        text = self.option.help
        return f"{text[:1].upper()}{text[1:]}." if text else ""

    @property
    def limits(self) -> str:
        """The limits and the unit in words, or nothing."""
        low, high, unit = self.option.low, self.option.high, f" {self.option.unit}" if self.option.unit else ""
        if low is not None and high is not None:
            return f"{low:,g} to {high:,.10g}{unit}"
        if low is not None:
            return f"at least {low:,g}{unit}"
        return f"at most {high:,.10g}{unit}" if high is not None else ""

    def problem(self, value: Any) -> str:
        """Return what is wrong with ``value`` as a sentence, or nothing."""
        found = self.option.problem(value)
        return f"{found[:1].upper()}{found[1:]}." if found else ""


def field_specs(
    config_class: type[StageConfig], only: Collection[str] | None = None, first: Sequence[str] = ()
) -> list[FieldSpec]:
    """Return the fields in the order a person meets them: ``first``, then the plain ones, then the advanced.

    Of these, the fields that count with the same parts only (see `Option`) stand together, after all others.
    """
    hints = get_type_hints(config_class)
    found = [
        FieldSpec(f.name, plain_words(f.name), _kind(hints[f.name], option_of(f)), option_of(f), _default(f))
        for f in fields(config_class)
        if only is None or f.name in only
    ]
    place = {name: i for i, name in enumerate(first)}
    group = {parts: i for i, parts in enumerate(dict.fromkeys([(), *(spec.option.only_with for spec in found)]))}

    def order(spec: FieldSpec) -> tuple[bool, int, int]:
        hidden = spec.option.advanced
        return hidden, place.get(spec.name, len(place)), group[spec.option.only_with] if hidden else 0

    return sorted(found, key=order)


def plain_words(name: str) -> str:
    """Return a field's name in words: ``lr_encoder`` is ``Learning rate encoder``."""
    text = " ".join(_WORDS.get(word, word) for word in name.split("_"))
    return text[:1].upper() + text[1:]


def part_words(parts: Sequence[str]) -> str:
    """Return parts of a method in words: ``ppc`` and ``+fbr`` are ``ppc and FBR``."""
    return " and ".join(_WORDS.get(name, name) for name in (part.lstrip("+") for part in parts))


def _kind(hint: Any, option: Option) -> Kind:
    if hint is bool:
        return "check"
    if option.choices:
        return "word" if option.other else "choice"
    if hint is int:
        return "whole"
    if hint is float:
        return "number"
    text = str(hint)
    if text.startswith(("tuple[float", "tuple[int")):
        return "numbers"
    return "words" if text.startswith("tuple[str") else "text"


def _default(f: Any) -> Any:
    return f.default if f.default is not MISSING else f.default_factory()
