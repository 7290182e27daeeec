"""What an export would write, looked at behind the window a moment after something has changed."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from fbr_engine.config import ExportConfig
from fbr_engine.errors import ConfigError
from fbr_engine.project import Project
from fbr_engine.stages.export_preview import ExportPreview, preview
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.export import target
from fbr_studio.rooms.export.questions import Questions
from fbr_studio.state.session import Session

SETTLE_MS = 300


class Forecast(QObject):
    """``made`` and ``failed`` bring what was looked at last; ``found`` keeps it. The folder is looked at too."""

    made = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, questions: Questions, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._questions = session, questions
        self.found: ExportPreview | None = None
        self.previewer = LatestTask(_look, self)
        self.target_checker = LatestTask(target.check, self)
        self.settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self.settle.timeout.connect(self.look)
        self.previewer.done.connect(self._made)
        self.previewer.failed.connect(self._failed)
        self.target_checker.done.connect(questions.show_target)
        questions.target_changed.connect(self.check_target)

    def look(self) -> None:
        """Look now, at what the questions say."""
        self.settle.stop()
        project = self._session.project
        if project is None or self._questions.run is None:
            return
        try:
            config = self._questions.config()
        except ConfigError:
            config = ExportConfig(out="unknown")
        self.previewer.request(project, config, self._questions.run)
        self.check_target()

    def check_target(self) -> None:
        """Look whether the folder can be written to."""
        self.target_checker.request(self._questions.out.text())

    def cancel(self) -> None:
        """The project goes."""
        self.settle.stop()
        self.previewer.cancel()
        self.target_checker.cancel()

    def close(self) -> None:
        """End timer and tasks."""
        self.settle.stop()
        self.previewer.close()
        self.target_checker.close()

    def _made(self, found: ExportPreview) -> None:
        self.found = found
        self.made.emit(found)

    def _failed(self, error: object) -> None:
        self.found = None
        self.failed.emit(error)


def _look(project: Project, config: ExportConfig, run: str) -> ExportPreview:
    return preview(project, config, run)
