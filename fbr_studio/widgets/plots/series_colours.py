"""Colours of curves, taken from the theme: as many as there are names, stable by place."""

from __future__ import annotations

from PySide6.QtGui import QColor

from fbr_studio.widgets.theme import Theme

_GOLDEN = 0.61803399


def series_colour(theme: Theme, place: int) -> QColor:
    """Return the colour of the curve at ``place``: the theme's own first, then hues between them, equally bright."""
    own = (theme.accent, theme.warning, theme.good, theme.danger)
    if place < len(own):
        return QColor(own[place])
    turned = (theme.accent.hslHueF() + 0.25 + (place - len(own)) * _GOLDEN) % 1.0
    return QColor.fromHslF(turned, min(0.75, theme.accent.hslSaturationF()), theme.accent.lightnessF())


def faint(colour: QColor, share: float) -> QColor:
    """Return the colour with ``share`` of its opacity."""
    found = QColor(colour)
    found.setAlphaF(share)
    return found
