"""What the person prefers, in a readable file; a broken file is put aside, never a crash."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, Signal

from fbr_engine.errors import ConfigError, FbrError
from fbr_engine.formats.atomic import write_atomically
from fbr_engine.refinement import RECOMMENDED, refine_chain

LOG = logging.getLogger(__name__)
NAME = "fbr-studio"
MOST_RECENT = 12


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults; one line of help each is in ``docs/guide.md``."""

    appearance: str = "system"
    recent: tuple[str, ...] = ()
    auto_next: bool = True
    follow_training: bool = True
    refine: str = RECOMMENDED
    thumbnail_side: int = 160
    mask_opacity: float = 0.45
    keys: dict[str, list[str]] = field(default_factory=dict)


def _is_chain(text: str) -> bool:
    try:
        refine_chain(text)
    except ConfigError:
        return False
    return True


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "appearance": lambda v: v in ("system", "light", "dark"),
    "recent": lambda v: isinstance(v, (list, tuple)) and all(isinstance(p, str) for p in v),
    "auto_next": lambda v: isinstance(v, bool),
    "follow_training": lambda v: isinstance(v, bool),
    "refine": lambda v: isinstance(v, str) and _is_chain(v),
    "thumbnail_side": lambda v: isinstance(v, int) and 64 <= v <= 512,
    "mask_opacity": lambda v: isinstance(v, (int, float)) and 0 <= v <= 1,
    "keys": lambda v: (
        isinstance(v, dict)
        and all(
            isinstance(k, str) and isinstance(keys, list) and all(isinstance(x, str) for x in keys)
            for k, keys in v.items()
        )
    ),
}


def settings_file() -> Path:
    """Return where the settings lie on this system."""
    return Path(platformdirs.user_config_dir(NAME, appauthor=False)) / "settings.json"


def log_file() -> Path:
    """Return where the log lies on this system."""
    return Path(platformdirs.user_log_dir(NAME, appauthor=False)) / "fbr-studio.log"


def cache_folder() -> Path:
    """Return where thumbnails and other things that can be made again lie."""
    return Path(platformdirs.user_cache_dir(NAME, appauthor=False))


def data_folder() -> Path:
    """Return where the demo's copy lies."""
    return Path(platformdirs.user_data_dir(NAME, appauthor=False))


class Preferences(QObject):
    """The settings, read once and written on every change; ``problem`` says what was wrong with the file."""

    changed = Signal(str)

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path or settings_file()
        self.problem = ""
        self._now, self._unknown = self._read()

    @property
    def now(self) -> Settings:
        """The settings at this moment."""
        return self._now

    def set(self, name: str, value: Any) -> None:
        """Change one setting and write the file; a disk that refuses is logged, the setting holds meanwhile."""
        if not _CHECKS[name](value):
            raise ValueError(f"{name} cannot be {value!r}")
        if getattr(self._now, name) == value:
            return
        self._now = replace(self._now, **{name: value})
        self._write()
        self.changed.emit(name)

    def remember(self, project: Path) -> None:
        """Put a project first among the recent ones."""
        others = [p for p in self._now.recent if p != str(project)]
        self.set("recent", tuple([str(project), *others][:MOST_RECENT]))

    def forget(self, project: str) -> None:
        """Take a project out of the recent ones."""
        self.set("recent", tuple(p for p in self._now.recent if p != project))

    def _read(self) -> tuple[Settings, dict[str, Any]]:
        try:
            found = json.loads(self.path.read_text("utf-8"))
            if not isinstance(found, dict):
                raise ValueError("it holds no table of settings")  # noqa: TRY004 - the file is wrong, not a type
        except FileNotFoundError:
            return Settings(), {}
        except (OSError, ValueError, RecursionError) as error:
            aside = self.path.with_name(self.path.name + ".broken")
            try:
                self.path.replace(aside)
                where = f"it was put aside as {aside}"
            except OSError:
                where = "correct or delete it"
            self.problem = f"{self.path} could not be read ({error}): defaults are used, {where}"
            return Settings(), {}
        names = {f.name for f in fields(Settings)}
        good = {k: v for k, v in found.items() if k in names and _CHECKS[k](v)}
        bad = sorted(k for k in found if k in names and k not in good)
        if bad:
            self.problem = f"{self.path}: {', '.join(bad)} cannot have the value given there, so the default is used"
        if "recent" in good:
            good["recent"] = tuple(good["recent"])
        return Settings(**good), {k: v for k, v in found.items() if k not in names}

    def _write(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, _encoded(asdict(self._now) | self._unknown))
        except (OSError, FbrError) as error:
            LOG.warning("settings not written: %s", error)


def _encoded(values: dict[str, Any]) -> bytes:
    """Return readable JSON; where a folder's name is no text it is written with escapes, which come back the same."""
    try:
        return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(values, indent=2) + "\n").encode()
