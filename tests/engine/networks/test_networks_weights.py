"""Weights from files and from the network: what fits is loaded exactly, everything else says what to do."""

from __future__ import annotations

import http.client
import pickle
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
import safetensors.torch
import torch
import torchvision
from torch import Tensor

from fbr_engine.errors import WeightsError
from fbr_engine.networks.backbones import Backbone, build_backbone
from fbr_engine.networks.weights import load_weights


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    network = torchvision.models.resnet18(weights=None)
    return {k: v.clone() for k, v in network.state_dict().items()}


def loaded(path: Path) -> Backbone:
    backbone = build_backbone("resnet18", 16)
    load_weights(backbone, "resnet18", str(path))
    return backbone


def same(backbone: Backbone, state: dict[str, Tensor]) -> bool:
    return all(torch.equal(v, state[k]) for k, v in backbone.body.state_dict().items())


WRAPPINGS: dict[str, Callable[[dict[str, Tensor]], object]] = {
    "plain": lambda s: s,
    "without classifier": lambda s: {k: v for k, v in s.items() if not k.startswith("fc.")},
    "state_dict": lambda s: {"state_dict": s, "epoch": 3},
    "model": lambda s: {"model": s},
    "parallel": lambda s: {f"module.{k}": v for k, v in s.items()},
    "both": lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items()}, "optimizer": {"lr": 0.1}},
    "old torch": lambda s: {k: v for k, v in s.items() if "num_batches" not in k},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_state_dicts_as_people_keep_them(wrapping: str, state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(WRAPPINGS[wrapping](state), tmp_path / "w.pth")
    assert same(loaded(tmp_path / "w.pth"), state)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_safetensors(prefix: str, state: dict[str, Tensor], tmp_path: Path) -> None:
    safetensors.torch.save_file({prefix + k: v for k, v in state.items()}, tmp_path / "w.safetensors")
    assert same(loaded(tmp_path / "w.safetensors"), state)


def test_none_keeps_the_random_ones() -> None:
    backbone = build_backbone("resnet18", 16)
    before = {k: v.clone() for k, v in backbone.body.state_dict().items()}
    load_weights(backbone, "resnet18", "none")
    assert same(backbone, before)


def test_another_network_is_refused_and_nothing_is_changed(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state, tmp_path / "w.pth")
    backbone = build_backbone("mobilenet_v2", 16)
    before = {k: v.clone() for k, v in backbone.body.state_dict().items()}
    with pytest.raises(WeightsError, match=r"w\.pth.*not the weights of mobilenet_v2.*--backbone"):
        load_weights(backbone, "mobilenet_v2", str(tmp_path / "w.pth"))
    assert same(backbone, before)
    torch.save(state | {"conv1.weight": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"1 of another shape.*conv1\.weight"):
        loaded(tmp_path / "w.pth")


class Bomb:
    """Pickles to a call of a function of ours."""

    went_off = False

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return (explode, ())


def explode() -> None:
    Bomb.went_off = True


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_what_is_no_weights_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for content in (b"", b"hello " * 50, b"\x80\x02", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=f"{name}.*not a readable weights file"):
            loaded(path)
    for missing in (tmp_path / "missing.pth", tmp_path):
        with pytest.raises(WeightsError, match="no such weights file"):
            loaded(missing)


def test_code_in_a_pickle_is_never_run(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Bomb()}, tmp_path / "zip.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Bomb(), protocol=2))
    for name in ("zip.pth", "plain.pth"):
        with pytest.raises(WeightsError, match=f"{name}.*state_dict"):
            loaded(tmp_path / name)
    assert not Bomb.went_off


@pytest.mark.parametrize("content", [[1, 2], {"lr": 0.1}, torch.zeros(3), {"state_dict": {}}])
def test_a_file_without_named_tensors(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="no tensors by name"):
        loaded(tmp_path / "w.pth")


FAILURES = [
    URLError("no route to host"),
    HTTPError("https://x", 403, "Forbidden", None, None),  # type: ignore[arg-type]
    http.client.IncompleteRead(b"half"),
    TimeoutError("timed out"),
    RuntimeError('invalid hash value (expected "ab", got "cd")'),
    EOFError("Ran out of input"),
    pickle.UnpicklingError("invalid load key"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: type(f).__name__)
def test_imagenet_without_a_network_says_what_to_do(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)
    with pytest.raises(WeightsError, match=r"resnet18 could not be downloaded.*https://.*--weights FILE") as caught:
        load_weights(build_backbone("resnet18", 16), "resnet18", "imagenet")
    assert "\n" not in str(caught.value)


def test_a_refused_connection_on_the_way_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Through torch.hub itself, with an empty cache."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", refuse)
    with pytest.raises(WeightsError, match="Name or service not known"):
        load_weights(build_backbone("mobilenet_v2", 16), "mobilenet_v2", "imagenet")


def test_imagenet_weights_are_loaded(monkeypatch: pytest.MonkeyPatch, state: dict[str, Tensor]) -> None:
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *a, **k: state)
    backbone = build_backbone("resnet18", 16)
    load_weights(backbone, "resnet18", "imagenet")
    assert same(backbone, state)


def test_tiny_has_no_imagenet_weights() -> None:
    with pytest.raises(WeightsError, match="--weights drawn or none"):
        load_weights(build_backbone("tiny", 16), "tiny", "imagenet")


def test_tiny_has_shipped_weights() -> None:
    backbone = build_backbone("tiny", 16)
    before = backbone.state_dict()["body.0.0.weight"].clone()
    load_weights(backbone, "tiny", "drawn")
    after = backbone.state_dict()["body.0.0.weight"]
    assert after.dtype == torch.float32
    assert not torch.equal(before, after)


def test_shipped_weights_fit_no_other_backbone() -> None:
    with pytest.raises(WeightsError, match="not the weights of resnet18"):
        load_weights(build_backbone("resnet18", 16), "resnet18", "drawn")
