"""What lies over the window for a moment: the palette of actions, the sheet of keys, About."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThreadPool
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from fbr_engine import __version__
from fbr_studio.actions import ROOM_NAMES, Actions, ActionSpec, key_text
from fbr_studio.jobs.reports import doctor_report
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import Preferences, log_file
from fbr_studio.widgets.about import AboutFacts, AboutPanel
from fbr_studio.widgets.cheat_sheet import CheatSheet
from fbr_studio.widgets.command_palette import CommandPalette, PaletteEntry

EVERYWHERE = "everywhere"


class Overlays(QObject):
    """Fills the overlays from the table of actions; ``room`` is the one the person is in, whose actions come first."""

    def __init__(self, window: QWidget, actions: Actions, preferences: Preferences, pool: QThreadPool) -> None:
        super().__init__(window)
        self._actions = actions
        self.palette = CommandPalette(window)
        self.cheat_sheet = CheatSheet(window)
        self.about = AboutPanel(window, _about_facts(preferences))
        self._report = LatestTask(doctor_report, self, pool=pool)
        self.about.report_wanted.connect(self._report.request)
        self._report.done.connect(self.about.set_report)
        self._report.failed.connect(lambda error: self.about.set_report(str(error)))

    def open_palette(self, room: str) -> None:
        """Show all actions that can be reached now."""
        reachable = [pair for pair in self._actions.all() if pair[0].room in (EVERYWHERE, room)]
        reachable.sort(key=lambda pair: pair[0].room == EVERYWHERE)
        self.palette.open([_palette_entry(spec, action) for spec, action in reachable])

    def open_cheat_sheet(self, room: str) -> None:
        """Show all keys, room by room; a second time puts them away."""
        if self.cheat_sheet.isVisible():
            self.cheat_sheet.dismiss()
            return
        by_room: dict[str, list[tuple[str, str]]] = {}
        for spec, action in self._actions.all():
            if key_text(action) and (action.isEnabled() or not spec.numbered):
                by_room.setdefault(ROOM_NAMES[spec.room], []).append((key_text(action), action.text()))
        self.cheat_sheet.open(sorted(by_room.items(), key=lambda section: section[0] != ROOM_NAMES[room]))

    def close(self) -> None:
        """Wait for no report any more: the window closes."""
        self._report.close()


def _palette_entry(spec: ActionSpec, action: QAction) -> PaletteEntry:
    where = ROOM_NAMES[spec.room]
    return PaletteEntry(action.text(), where, key_text(action), spec.icon, action.trigger, action.isEnabled())


def _about_facts(preferences: Preferences) -> AboutFacts:
    return AboutFacts(
        name="FBR Studio",
        version=__version__,
        licence="Apache License 2.0",
        sentence="Turns tags into masks.",
        places=(("Settings", preferences.path), ("Log", log_file())),
    )
