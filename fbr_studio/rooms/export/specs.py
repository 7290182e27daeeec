"""Everything a person can do in this room."""

from __future__ import annotations

from fbr_studio.actions import ActionSpec

WRITE = ActionSpec("export.write", "Export", ("Ctrl+Return",), "export", "Write the dataset")
CANCEL = ActionSpec("export.cancel", "Cancel the export", (), "stop", "Stop writing; nothing is left behind")
BROWSE = ActionSpec("export.browse", "Choose the folder", ("Ctrl+B",), "folder", "Choose where the dataset is written")
OPEN = ActionSpec("export.open", "Open the dataset's folder", (), "folder", "Show the dataset in the file manager")
COPY = ActionSpec("export.copy", "Copy the dataset's path", (), "copy", "Copy the path of the dataset's folder")
AGAIN = ActionSpec("export.again", "Back to the preview", (), "previous", "Leave the report and look at the preview")

ALL = (WRITE, CANCEL, BROWSE, OPEN, COPY, AGAIN)
