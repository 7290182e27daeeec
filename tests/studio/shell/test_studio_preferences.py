"""The settings file: readable, checked, never a crash."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fbr_studio.preferences import (
    MOST_RECENT,
    Preferences,
    Settings,
    cache_folder,
    data_folder,
    log_file,
    settings_file,
)


def test_without_a_file_there_are_defaults_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    found = Preferences(path)
    assert found.now == Settings()
    assert found.problem == ""
    assert not path.exists()


def test_a_change_is_written_at_once_and_told(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    first = Preferences(path)
    heard: list[str] = []
    first.changed.connect(heard.append)
    first.set("appearance", "light")
    first.set("appearance", "light")
    first.set("keys", {"images.next": ["N"]})
    assert heard == ["appearance", "keys"]
    assert Preferences(path).now == Settings(appearance="light", keys={"images.next": ["N"]})
    assert '"appearance": "light"' in path.read_text("utf-8")


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '"x"', "[" * 100_000, "\x00"])
def test_a_broken_file_is_put_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    found = Preferences(path)
    assert found.now == Settings()
    assert str(path) in found.problem
    assert (tmp_path / "settings.json.broken").read_text() == text
    assert "\n" not in found.problem


def test_bytes_that_are_no_text_are_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"\xff\xfe\xe9")
    assert Preferences(path).now == Settings()
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appearance", "pink"),
        ("refine", "magic"),
        ("auto_next", "yes"),
        ("thumbnail_side", 5),
        ("thumbnail_side", "big"),
        ("mask_opacity", 2.0),
        ("recent", [1]),
        ("recent", "one"),
        ("keys", {"a": "D"}),
        ("keys", []),
    ],
)
def test_a_value_that_cannot_be_is_the_default_and_named(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"follow_training": False, name: value}))
    found = Preferences(path)
    assert getattr(found.now, name) == getattr(Settings(), name)
    assert not found.now.follow_training
    assert name in found.problem


def test_what_a_newer_version_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"of_tomorrow": [1, 2]}))
    found = Preferences(path)
    assert found.problem == ""
    found.set("auto_next", False)
    assert json.loads(path.read_text())["of_tomorrow"] == [1, 2]


def test_a_wrong_value_from_the_program_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    found = Preferences(tmp_path / "settings.json")
    with pytest.raises(ValueError, match="appearance"):
        found.set("appearance", "pink")
    with pytest.raises(KeyError):
        found.set("no such", 1)


def test_recent_projects_are_few_and_the_last_is_first(tmp_path: Path) -> None:
    found = Preferences(tmp_path / "settings.json")
    for i in range(MOST_RECENT + 3):
        found.remember(tmp_path / f"p{i}")
    found.remember(tmp_path / "p5")
    assert len(found.now.recent) == MOST_RECENT
    assert found.now.recent[0] == str(tmp_path / "p5")
    assert len(set(found.now.recent)) == MOST_RECENT
    found.forget(str(tmp_path / "p5"))
    assert str(tmp_path / "p5") not in found.now.recent
    assert Preferences(found.path).now.recent == found.now.recent


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_disk_that_refuses_does_not_stop_the_person(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    found = Preferences(tmp_path / "closed" / "deep" / "settings.json")
    found.set("auto_next", False)
    assert found.now.auto_next is False


def test_a_place_that_is_a_file_does_not_stop_the_person(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = Preferences(tmp_path / "file" / "settings.json")
    found.set("auto_next", False)
    assert found.now.auto_next is False


def test_every_file_has_its_own_place() -> None:
    places = {settings_file(), log_file(), cache_folder(), data_folder()}
    assert len(places) == 4
    assert all("fbr-studio" in str(place) for place in places)
