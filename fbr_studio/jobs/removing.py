"""Removing folders of many files behind the window."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from fbr_studio.jobs.gentle import lower_priority


def remove_behind(folder: Path) -> None:
    """Remove a folder in a thread of its own. If the program ends meanwhile, opening the project removes the rest."""
    threading.Thread(target=_remove, args=(folder,), name="removing", daemon=True).start()


def _remove(folder: Path) -> None:
    lower_priority()
    shutil.rmtree(folder, ignore_errors=True)
