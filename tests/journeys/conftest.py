"""Journeys through the window follow the rules of `qt_rules`."""

from __future__ import annotations

from qt_rules import no_qt_warnings_no_leaks, own_folders, shared_data

__all__ = ["no_qt_warnings_no_leaks", "own_folders", "shared_data"]
