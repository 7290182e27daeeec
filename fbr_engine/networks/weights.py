"""Where a backbone starts: torchvision's ImageNet weights, a file of the user's, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import safetensors.torch
import torch
import torchvision
from torch import Tensor

from fbr_engine.assets_path import assets_folder
from fbr_engine.errors import WeightsError
from fbr_engine.networks.backbones import Backbone

DRAWN = Path("weights", "tiny.safetensors")
_CLASSIFIER_PREFIXES = ("classifier.", "fc.")


def load_weights(backbone: Backbone, name: str, weights: str) -> None:
    """Load ``weights`` into ``backbone``, which was built as ``name``.

    ``weights`` is ``none`` (keep the random ones), ``imagenet`` (torchvision's, downloaded once per machine), ``drawn``
    (shipped, for the backbone tiny; made by assets/weights/make_tiny.py) or a file: safetensors, or a state dict
    readable with ``torch.load(weights_only=True)``.
    Raises `WeightsError`, naming the source and the remedy, when it cannot be had or does not fit.
    """
    if weights == "none":
        return
    if weights == "imagenet":
        state = _download(name)
    else:
        state = read_state_dict(assets_folder() / DRAWN if weights == "drawn" else Path(weights))
    _fit(backbone, name, weights, state)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Return the tensors in the file at ``path`` by name, unwrapping the usual containers."""
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file; give a file, imagenet, drawn or none")
    try:
        if path.suffix.lower() == ".safetensors":
            loaded: Any = safetensors.torch.load_file(path)
        else:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise many kinds on foreign bytes
        raise WeightsError(
            f"{path}: not a readable weights file (safetensors, or a plain state dict); "
            "save it again with torch.save(model.state_dict(), FILE)"
        ) from error
    return _unwrap(loaded, path)


def _unwrap(loaded: Any, path: Path) -> dict[str, Tensor]:
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    tensors = {k: v for k, v in loaded.items() if isinstance(v, Tensor)} if isinstance(loaded, Mapping) else {}
    if not tensors:
        raise WeightsError(f"{path}: holds no tensors by name; save it again with torch.save(model.state_dict(), FILE)")
    return {k.removeprefix("module."): v for k, v in tensors.items()}


def _download(name: str) -> dict[str, Tensor]:
    if name == "tiny" or ":" in name:
        other = "drawn or none" if name == "tiny" else "none or a file"
        raise WeightsError(f"there are no ImageNet weights for the backbone {name}: use --weights {other}")
    enum = torchvision.models.get_model_weights(name).DEFAULT
    try:
        state: dict[str, Tensor] = enum.get_state_dict(progress=False, check_hash=True)
    except Exception as error:  # no network, a broken download, a cache that cannot be read or written
        raise WeightsError(
            f"the ImageNet weights of {name} could not be downloaded ({_reason(error)}): connect to the network, or "
            f"fetch {enum.url} elsewhere and give it with --weights FILE, or start from --weights none"
        ) from error
    return state


def _reason(error: Exception) -> str:
    text = str(error.reason if isinstance(error, URLError) else error)
    return text.splitlines()[0] if text else type(error).__name__


def _fit(backbone: Backbone, name: str, source: str, state: Mapping[str, Tensor]) -> None:
    """Copy ``state`` into the backbone; a classifier on top is ignored, anything else must match."""
    own = backbone.body.state_dict()
    given = {k: v for k, v in state.items() if k in own or not k.startswith(_CLASSIFIER_PREFIXES)}
    missing = [k for k in own if k not in given and not k.startswith(_CLASSIFIER_PREFIXES)]
    missing = [k for k in missing if not k.endswith("num_batches_tracked")]
    unknown = [k for k in given if k not in own]
    unlike = [k for k in own if k in given and own[k].shape != given[k].shape]
    if missing or unknown or unlike:
        example = (missing + unlike + unknown)[0]
        raise WeightsError(
            f"{source}: these are not the weights of {name} ({len(missing)} tensors missing, {len(unlike)} of "
            f"another shape, {len(unknown)} unknown, such as {example}); choose the --backbone they belong to"
        )
    backbone.body.load_state_dict(given, strict=False)
