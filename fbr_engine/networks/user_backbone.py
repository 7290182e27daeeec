"""A backbone made by a function of the user's, named ``package.module:function``, imported when it is needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from torch import nn

from fbr_engine.errors import ConfigError
from fbr_engine.networks.backbones import Backbone
from fbr_engine.networks.wrapping import in_a_line, wrap_backbone


def make_user_backbone(name: str, output_stride: int) -> Backbone:
    """Return what the function ``name`` makes of the output stride (8 or 16).

    It returns a `Backbone`, or a module and the names of its sub-modules for `wrap_backbone`: ``(module, deep, low)``.
    A run's checkpoint holds the weights, not the function: it is imported again when the run is used.

    Raises `ConfigError`, naming module, function and remedy, when it cannot be imported, raises, or returns something
    else, and what `wrap_backbone` raises.
    """
    made = _call(name, _find(name), output_stride)
    if isinstance(made, Backbone):
        return made
    if isinstance(made, nn.Module):
        return wrap_backbone(made)
    if (
        isinstance(made, tuple)
        and made
        and isinstance(made[0], nn.Module)
        and all(isinstance(n, str) for n in made[1:])
    ):
        return wrap_backbone(*made[:3])
    raise ConfigError(
        f"backbone {name}: it returned a {type(made).__name__}; return wrap_backbone(module, deep=..., low=...) of "
        "fbr_engine.networks, or a module and the names of two of its sub-modules"
    )


def _find(name: str) -> Callable[[int], Any]:
    module_name, _, function_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # a foreign module may raise anything while it is imported
        raise ConfigError(
            f"backbone {name}: the module {module_name} cannot be imported ({in_a_line(error)}); install it into this "
            "program's environment, or put its folder on PYTHONPATH"
        ) from error
    try:
        found: Callable[[int], Any] = attrgetter(function_name)(module)
    except AttributeError:
        raise ConfigError(
            f"backbone {name}: the module {module_name} ({getattr(module, '__file__', None)}) has no function "
            f"{function_name}; write it there, or name another"
        ) from None
    return found


def _call(name: str, function: Callable[[int], Any], output_stride: int) -> Any:
    try:
        return function(output_stride)
    except ConfigError:
        raise
    except Exception as error:  # a foreign function may raise anything
        raise ConfigError(
            f"backbone {name}: called with the output stride {output_stride} it raised {in_a_line(error)}; it "
            "must take one number and return a backbone"
        ) from error
