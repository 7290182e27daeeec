"""Any convolutional ``nn.Module`` as a backbone, by the names of two of its sub-modules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

from torch import Tensor, nn

from fbr_engine.errors import ConfigError
from fbr_engine.networks.backbones import Backbone, probed


class _Reached(Exception):  # noqa: N818 - no error
    """The deep features are there: what follows (pooling, a classifier) need not be computed."""


class WrappedBackbone(Backbone):
    """Reads the outputs of two sub-modules by forward hooks, which are there during a forward pass only."""

    def __init__(self, body: nn.Module, deep: str, low: str, channels: int) -> None:
        super().__init__(body, (low, deep), low, channels)

    def outputs(self, images: Tensor) -> Iterator[Tensor]:
        """Yield low and deep features of ``images``."""
        low, deep = self._stages
        seen = _outputs_of(self.body, images, low, deep)
        yield seen[low]
        yield seen[deep]


def wrap_backbone(module: nn.Module, deep: str = "layer4", low: str = "layer1", probe: int = 65) -> Backbone:
    """Return ``module`` as a `Backbone`: CAMs are made of what its sub-module ``deep`` returns.

    ``deep``: the name of the sub-module (as in ``module.named_modules()``) whose output is B x F x h x w, at a stride
    of 8 to 32 px. ``low``: the same for early features, about stride 4, which SEAM and the boundary branch read. The
    module reads B x 3 x H x W, normalised as for ImageNet, whole and of any size; what comes behind ``deep`` is not
    computed. Its parameters keep their names. F is found with an empty image of ``probe`` px.

    Raises `ConfigError` when there is no such sub-module, when it returns something else, and when the module cannot
    read an image of any size.
    """
    names = dict(module.named_modules())
    for role, name in (("deep", deep), ("low", low)):
        if not name or name not in names:
            raise ConfigError(f"{_kind(module)} has no sub-module {name!r}: give {role}= one of {_some(names)}")
    sizes = (probe, 2 * probe - 1)
    small, large = (probed(module, lambda x: _tried(module, x, low, deep), side) for side in sizes)
    for name in (low, deep):
        if large[name].shape[-1] <= small[name].shape[-1]:
            raise ConfigError(
                f"the sub-module {name!r} of {_kind(module)} returns maps of {tuple(small[name].shape[-2:])} for "
                f"images of {sizes[0]} and of {sizes[1]} px: name one whose maps grow with the image"
            )
    return WrappedBackbone(module, deep, low, small[deep].shape[1])


def _tried(module: nn.Module, images: Tensor, low: str, deep: str) -> dict[str, Tensor]:
    try:
        seen = _outputs_of(module, images, low, deep)
    except ConfigError:
        raise
    except Exception as error:  # whatever a foreign module raises
        raise ConfigError(
            f"{_kind(module)} cannot read an image of {images.shape[-1]} px ({in_a_line(error)}): it must take "
            "B x 3 x H x W of any size"
        ) from error
    for name in (low, deep):
        if name not in seen:
            raise ConfigError(
                f"the sub-module {name!r} of {_kind(module)} is not called by its forward, or only behind {deep!r}: "
                "name another"
            )
    return seen


def _outputs_of(module: nn.Module, images: Tensor, low: str, deep: str) -> dict[str, Tensor]:
    """Return what the two sub-modules make of ``images``; the forward pass ends at ``deep``."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if not isinstance(output, Tensor) or output.dim() != 4:
                raise ConfigError(
                    f"the sub-module {name!r} of {_kind(module)} returns {_form(output)} but a B x F x h x w tensor is "
                    "needed: name another"
                )
            seen[name] = output
            if name == deep:
                raise _Reached

        return hook

    with ExitStack() as hooks:
        for name in {low, deep}:
            hooks.callback(module.get_submodule(name).register_forward_hook(keep(name)).remove)
        with suppress(_Reached):
            module(images)
    return seen


def in_a_line(error: Exception) -> str:
    """Return the kind of a foreign error and the first line of what it says."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _kind(module: nn.Module) -> str:
    return type(module).__name__


def _form(output: Any) -> str:
    if isinstance(output, Tensor):
        return f"a tensor of {output.dim()} dimensions"
    return f"a {type(output).__name__}"


def _some(names: dict[str, nn.Module]) -> str:
    """Return the shortest of the names: those a person would mean."""
    found = sorted((n for n in names if n), key=lambda n: n.count("."))
    return ", ".join(found[:12]) + (", ..." if len(found) > 12 else "")
