"""Whether Qt can show a window here, found out before Qt, which would abort the process."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import sys
from pathlib import Path

_WITHOUT = "use fbr-engine, which needs no screen (fbr-engine demo)"


def display_problem() -> str:
    """Return why there can be no window and what to do, in one line; nothing if there can be one."""
    if sys.platform in ("win32", "darwin"):
        return ""
    asked = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if asked and asked not in ("xcb", "wayland"):
        return ""
    if asked != "xcb" and os.environ.get("WAYLAND_DISPLAY"):
        return ""
    if not os.environ.get("DISPLAY"):
        return f"there is no screen here (DISPLAY is not set): start it from a desktop, or {_WITHOUT}"
    return _plugin_problem() or _x_problem()


def _plugin_problem() -> str:
    """Return which system library Qt's X11 plugin lacks."""
    found = importlib.util.find_spec("PySide6")
    if found is None or not found.submodule_search_locations:
        return "PySide6 is not installed: install fbr-studio again"
    plugin = Path(found.submodule_search_locations[0]) / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.is_file():
        return ""
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        library = str(error).split(":")[0]
        package = library.split(".so")[0].replace("lib", "", 1)
        return f"Qt lacks the system library {library}: install it (on Debian and Ubuntu lib{package}0), or {_WITHOUT}"
    return ""


def _x_problem() -> str:
    """Return why the X server cannot be reached."""
    name = ctypes.util.find_library("xcb") or "libxcb.so.1"
    try:
        xcb = ctypes.CDLL(name)
    except OSError:
        return ""
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    if failed:
        display = os.environ.get("DISPLAY", "")
        return f"the screen {display} cannot be reached: check DISPLAY and the rights to it, or {_WITHOUT}"
    return ""
