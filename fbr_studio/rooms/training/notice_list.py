"""What a job said on the way, out of the way: "2 notices", which unfolds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from fbr_studio.widgets import formatting
from fbr_studio.widgets.basics import button
from fbr_studio.widgets.theme import GRID, small_font

MOST_LINES = 1000


class NoticeList(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: list[str] = []
        self.toggle = button("", self._unfold, "link", "Show or hide what the job reported on the way")
        self.toggle.setAccessibleName("Notices of the job")
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName("Notices")
        self.lines.setFont(small_font(self.lines))
        self.lines.setMaximumHeight(12 * GRID)
        self.lines.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.toggle)
        column.addWidget(self.lines)
        self.hide()

    @property
    def notices(self) -> list[str]:
        """What was said."""
        return list(self._notices)

    def show_notices(self, notices: Sequence[str]) -> None:
        """Show these in place of the ones before."""
        if list(notices) == self._notices:
            return
        self._notices = list(notices)
        self._name()
        if len(self._notices) > MOST_LINES:
            more = f"and {len(self._notices) - MOST_LINES} more"
            self.lines.setPlainText("\n".join([*self._notices[:MOST_LINES], more]))
        else:
            self.lines.setPlainText("\n".join(self._notices))
        self.setVisible(bool(self._notices))

    def _unfold(self) -> None:
        self.lines.setVisible(self.lines.isHidden())
        self._name()

    def _name(self) -> None:
        count = formatting.counted(len(self._notices), "notice")
        self.toggle.setText(count if self.lines.isHidden() else f"Hide {count}")
