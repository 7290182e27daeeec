"""The two looks: contrast of every text on every ground, icons of one family."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

import fbr_studio
from fbr_engine.assets_path import assets_folder
from fbr_studio.widgets.icons import icon, icon_names
from fbr_studio.widgets.theme import DARK, LIGHT, Theme, apply_theme, theme, theme_for

THEMES = pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])
SOURCES = sorted(Path(fbr_studio.__file__).parent.rglob("*.py"))


def luminance(colour: QColor) -> float:
    """Relative luminance of WCAG 2."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert contrast(QColor("#767676"), QColor("#ffffff")) == pytest.approx(4.54, abs=0.01)


@THEMES
@pytest.mark.parametrize("ground", ["window", "panel", "raised"])
@pytest.mark.parametrize("text", ["text", "muted", "accent", "danger", "warning", "good"])
def test_every_text_can_be_read_on_every_ground(look: Theme, ground: str, text: str) -> None:
    assert contrast(getattr(look, text), getattr(look, ground)) >= 4.5


@THEMES
def test_text_on_the_accent_and_in_a_selection_can_be_read(look: Theme) -> None:
    assert contrast(look.accent_text, look.accent) >= 4.5
    assert contrast(look.text, look.selection) >= 4.5
    assert contrast(look.muted, look.selection) >= 3.0
    assert contrast(look.accent, look.window) >= 3.0  # the ring of the focus


@THEMES
def test_the_application_takes_the_look(look: Theme, qapp: QApplication) -> None:
    apply_theme(qapp, "dark" if look.dark else "light")
    assert theme() is look
    assert qapp.palette().color(QPalette.ColorRole.Window) == look.window
    assert qapp.palette().color(QPalette.ColorRole.Highlight) == look.accent
    assert "$" not in qapp.styleSheet()


def test_the_system_s_look_is_one_of_the_two(qapp: QApplication) -> None:
    assert theme_for("system") in (DARK, LIGHT)
    assert theme_for("light") is LIGHT
    assert theme_for("dark") is DARK


@pytest.mark.parametrize("name", icon_names())
def test_an_icon_is_of_the_family_and_not_empty(name: str, qapp: QApplication) -> None:
    source = (assets_folder() / "icons" / f"{name}.svg").read_text("utf-8")
    assert "currentColor" in source
    assert 'viewBox="0 0 24 24"' in source
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", source)
    picture = icon(name).pixmap(QSize(24, 24)).toImage()
    inked = sum(picture.pixelColor(x, y).alpha() > 100 for x in range(24) for y in range(24))
    assert inked >= 12


@THEMES
def test_icons_follow_the_palette(look: Theme, qapp: QApplication) -> None:
    apply_theme(qapp, "dark" if look.dark else "light")
    picture = icon("close").pixmap(QSize(96, 96)).toImage()
    solid = [picture.pixelColor(x, y) for x in range(96) for y in range(96) if picture.pixelColor(x, y).alpha() == 255]
    assert solid
    assert all(colour.name() == look.text.name() for colour in solid)
    faint = icon("close").pixmap(QSize(96, 96), QIcon.Mode.Disabled).toImage()
    assert faint != picture


def named_icons(text: str) -> set[str]:
    """Return the names of icons that stand literally in a source."""
    calls = r'(?:\bicon|\bicon_button|\bEmptyState)\(\s*"([a-z][a-z-]*)"'
    return set(re.findall(calls, text)) | set(re.findall(r'\bicon="([a-z][a-z-]*)"', text))


def test_every_icon_the_sources_name_exists() -> None:
    missing = {f"{path.name}: {name}" for path in SOURCES for name in named_icons(path.read_text("utf-8"))} - {
        f"{path.name}: {name}" for path in SOURCES for name in icon_names()
    }
    assert not missing


def test_no_source_but_the_theme_and_the_drawing_has_a_colour_of_its_own() -> None:
    found = [
        f"{path.name}: {code}"
        for path in SOURCES
        if path.name != "theme.py" and "drawing" not in path.parts
        for code in re.findall(r'"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6,8})"', path.read_text("utf-8"))
    ]
    assert not found
