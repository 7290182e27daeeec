from __future__ import annotations

import dataclasses
import json
import math

import pytest

from fbr_engine.config import METHODS, CamsConfig, MasksConfig, TrainConfig
from fbr_engine.config_fields import StageConfig, option_of
from fbr_engine.errors import ConfigError
from fbr_engine.stage_table import STAGES

CONFIGS = sorted({entry.config for entry in STAGES.values()}, key=lambda config: config.__name__)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_every_field_has_a_help_line_and_a_valid_default(config: type[StageConfig]) -> None:
    made = config()
    for field in dataclasses.fields(config):
        option = option_of(field)
        assert len(option.help) > 10
        assert option.problem(getattr(made, field.name)) is None


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_goes_through_json_unchanged(config: type[StageConfig]) -> None:
    made = config()
    assert config.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False))) == made


def test_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", 0, "epochs is 0 but must be at least 1"),
        ("epochs", 1001, "must be at most 1000"),
        ("bank", 10**8, "must be at most 10000000"),
        ("lr_head", math.nan, "lr-head is nan but must be a finite number"),
        ("lr_head", math.inf, "must be a finite number"),
        ("lr_head", 0.0, "must be at least 1e-08"),
        ("seed", -1, "must be at least 0"),
        ("seed", 2**64, "seed is 18446744073709551616 but must be at most 4294967295"),
        ("method", "vgg", "must be one of cam, cam[+]fbr"),
        ("output_stride", 4, "output-stride is 4 but must be one of 8, 16"),
    ],
)
def test_names_the_field_its_value_and_the_limit(field: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**{field: value})  # type: ignore[arg-type]


def test_checks_fields_against_each_other() -> None:
    with pytest.raises(ConfigError, match=r"scale-low 2 is above scale-high 1\.5"):
        TrainConfig(scale_low=2.0, scale_high=1.5)


@pytest.mark.parametrize("scales", [(), (1.0, 0.01), (1.0, math.nan)])
def test_checks_every_scale(scales: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="scales"):
        CamsConfig(scales=scales)


@pytest.mark.parametrize("threshold", ["0", "1", "-0.1", "nan", "inf", "high", ""])
def test_refuses_what_is_no_threshold(threshold: str) -> None:
    with pytest.raises(ConfigError, match="must be auto or a number between 0 and 1"):
        MasksConfig(threshold=threshold)


def test_numbers_of_the_same_value_have_the_same_fingerprint() -> None:
    assert TrainConfig(weight_decay=1).fingerprint() == TrainConfig(weight_decay=1.0).fingerprint()
    assert CamsConfig(scales=[1.0, 2.0]) == CamsConfig(scales=(1.0, 2.0))  # type: ignore[arg-type]


def test_the_fingerprint_follows_what_is_not_left_out() -> None:
    assert CamsConfig(split="a").fingerprint("split") == CamsConfig(split="b").fingerprint("split")
    assert CamsConfig(flip=False).fingerprint("split") != CamsConfig().fingerprint("split")


def test_fields_of_a_later_version_are_ignored() -> None:
    assert TrainConfig.from_json({"epochs": 7, "not_yet_invented": 1}).epochs == 7


def test_host_and_fbr_follow_from_the_method() -> None:
    assert (TrainConfig(method="cam+fbr").host, TrainConfig(method="cam+fbr").fbr) == ("cam", True)
    assert (TrainConfig(method="cam").host, TrainConfig(method="cam").fbr) == ("cam", False)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_what_is_idle_is_asked_of_anything(config: type[StageConfig]) -> None:
    for values in ({}, config().to_json(), {"method": None, "saliency": 3}, {"method": "of tomorrow"}):
        idle = config.idle(values)
        assert idle <= {field.name for field in dataclasses.fields(config)}
        assert all(option_of(config.__dataclass_fields__[name]).only_with for name in idle)


def test_fields_that_count_with_a_part_only() -> None:
    def idle(**values: object) -> frozenset[str]:
        return TrainConfig.idle(values)

    assert {"seeds_from", "second_view", "weight_pixel", "weight_saliency"} <= idle(method="cam+fbr")
    assert not {"bank", "warmup", "form", "temperature"} & idle(method="cam+fbr")
    assert {"bank", "warmup", "form", "temperature", "weight_intra_view"} <= idle(method="seam")
    assert "bank" in idle(method="ppc")
    assert not {"warmup", "seed_threshold", "second_view", "weight_equivariance"} & idle(method="ppc")
    assert not {"seeds_from", "weight_pixel"} & idle(method="amn")
    assert "weight_saliency" not in idle(method="cam", saliency="maps")
    assert not {"epochs", "crop", "precision", "saliency"} & idle(method="cam")


def test_the_parts_are_there() -> None:
    parts = {part for field in dataclasses.fields(TrainConfig) for part in option_of(field).only_with}
    known = {part for method in METHODS for part in TrainConfig.parts({"method": method, "saliency": "maps"})}
    assert parts <= known
