"""The window's two looks: colours, grid and style sheet. Every colour in the window comes from here."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from fbr_engine.assets_path import assets_folder

GRID = 8
APPEARANCES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Theme:
    """Named colours; text on window, panel or raised reaches a contrast of 4.5 to 1 (WCAG AA)."""

    dark: bool
    window: QColor
    panel: QColor
    raised: QColor
    line: QColor
    text: QColor
    muted: QColor
    accent: QColor
    accent_text: QColor
    danger: QColor
    warning: QColor
    good: QColor
    canvas: QColor
    selection: QColor


DARK = Theme(
    dark=True,
    window=QColor("#1b1d20"),
    panel=QColor("#212428"),
    raised=QColor("#2b2f34"),
    line=QColor("#393e45"),
    text=QColor("#e6e8ea"),
    muted=QColor("#a0a7b0"),
    accent=QColor("#6cb2f2"),
    accent_text=QColor("#0c1a26"),
    danger=QColor("#ff8f80"),
    warning=QColor("#f0b849"),
    good=QColor("#63c78f"),
    canvas=QColor("#141517"),
    selection=QColor("#2f4a63"),
)
LIGHT = Theme(
    dark=False,
    window=QColor("#f5f6f7"),
    panel=QColor("#ffffff"),
    raised=QColor("#e9ebee"),
    line=QColor("#d3d7dc"),
    text=QColor("#1d2125"),
    muted=QColor("#5a626c"),
    accent=QColor("#1564ad"),
    accent_text=QColor("#ffffff"),
    danger=QColor("#b3261e"),
    warning=QColor("#8a5a00"),
    good=QColor("#1d7044"),
    canvas=QColor("#c4c8cd"),
    selection=QColor("#cfe3f7"),
)


def theme() -> Theme:
    """Return the look the application has now; widgets repaint on ``QEvent.PaletteChange``."""
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def apply_theme(application: QApplication, appearance: str = "system") -> None:
    """Give the application the dark or the light look; ``system`` takes the one the system has."""
    if application.style().objectName() != "fusion":
        application.setStyle(QStyleFactory.create("Fusion"))
    wanted = theme_for(appearance)
    application.setPalette(_palette(wanted))
    application.setStyleSheet(_style_sheet(wanted))


def theme_for(appearance: str) -> Theme:
    """Return the look for ``system``, ``light`` or ``dark``."""
    if appearance == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        return LIGHT if scheme == Qt.ColorScheme.Light else DARK
    return DARK if appearance == "dark" else LIGHT


def small_font(widget: QWidget) -> QFont:
    """Return the window's second text size, for what is said beside the point."""
    font = QFont(widget.font())
    font.setPointSizeF(max(7.5, font.pointSizeF() * 0.88))
    return font


def emphasised(font: QFont) -> QFont:
    """Return the font in the one weight for emphasis."""
    strong = QFont(font)
    strong.setWeight(QFont.Weight.DemiBold)
    return strong


def _palette(t: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: t.window,
        QPalette.ColorRole.WindowText: t.text,
        QPalette.ColorRole.Base: t.panel,
        QPalette.ColorRole.AlternateBase: t.raised,
        QPalette.ColorRole.Text: t.text,
        QPalette.ColorRole.PlaceholderText: t.muted,
        QPalette.ColorRole.Button: t.raised,
        QPalette.ColorRole.ButtonText: t.text,
        QPalette.ColorRole.BrightText: t.danger,
        QPalette.ColorRole.Highlight: t.accent,
        QPalette.ColorRole.HighlightedText: t.accent_text,
        QPalette.ColorRole.Link: t.accent,
        QPalette.ColorRole.LinkVisited: t.accent,
        QPalette.ColorRole.ToolTipBase: t.raised,
        QPalette.ColorRole.ToolTipText: t.text,
        QPalette.ColorRole.Accent: t.accent,
        QPalette.ColorRole.Light: t.raised,
        QPalette.ColorRole.Midlight: t.raised,
        QPalette.ColorRole.Mid: t.line,
        QPalette.ColorRole.Dark: t.line,
        QPalette.ColorRole.Shadow: t.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, colour)
    faint = QColor(t.muted)
    faint.setAlpha(150)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, t.line)
    return palette


def _style_sheet(t: Theme) -> str:
    """Return ``assets/style/window.qss`` in the theme's colours.

    Widgets ask for a rule with the property ``kind``: ``primary``, ``quiet``, ``link``, ``tab``, ``danger`` for
    buttons; ``muted``, ``title``, ``warning``, ``good`` for labels; ``panel`` and ``line`` for frames.
    """
    colours = {name: getattr(t, name).name() for name in Theme.__slots__ if name != "dark"}
    folder = assets_folder() / "style"
    look = "dark" if t.dark else "light"
    pictures = {name: (folder / f"{name}-{look}.svg").as_posix() for name in ("arrow", "check")}
    return Template((folder / "window.qss").read_text("utf-8")).substitute(colours | pictures)
