"""The rooms in the order the work goes, and what can be done from everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from fbr_studio.actions import ActionSpec


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """One row of the rooms: its name, its icon and ``module:class``, imported when it is first entered."""

    name: str
    icon: str
    location: str


ROOMS = {
    "images": RoomEntry("Images", "images", "fbr_studio.rooms.images:ImagesRoom"),
    "training": RoomEntry("Training", "training", "fbr_studio.rooms.training:TrainingRoom"),
    "concepts": RoomEntry("Concepts", "concepts", "fbr_studio.rooms.concepts:ConceptsRoom"),
    "review": RoomEntry("Review", "review", "fbr_studio.rooms.review:ReviewRoom"),
    "export": RoomEntry("Export", "export", "fbr_studio.rooms.export:ExportRoom"),
}

PALETTE = ActionSpec("everywhere.palette", "Find an action", ("Ctrl+K",), "search", "Find any action by its name")
CHEAT_SHEET = ActionSpec("everywhere.keys", "Keys", ("?",), "keyboard", "Show all keys")
OPEN_FOLDER = ActionSpec("everywhere.open_folder", "Open a folder of photos", ("Ctrl+O",), "folder")
OPEN_PROJECT = ActionSpec("everywhere.open_project", "Open a project", ("Ctrl+Shift+O",), "project")
CLOSE_PROJECT = ActionSpec("everywhere.close_project", "Close the project", ("Ctrl+W",), "close")
DEMO = ActionSpec("everywhere.demo", "Open the demo", (), "demo")
RESET_DEMO = ActionSpec("everywhere.reset_demo", "Start the demo afresh", (), "refresh")
PAUSE = ActionSpec("everywhere.pause", "Pause or go on with the job", ("Ctrl+P",), "pause")
STOP = ActionSpec("everywhere.stop", "Stop the job", ("Ctrl+.",), "stop", "Stop the job and keep its work")
ABOUT = ActionSpec("everywhere.about", "About FBR Studio", ("F1",), "info")
QUIT = ActionSpec("everywhere.quit", "Quit", ("Ctrl+Q",), "close")
SYSTEM_LOOK = ActionSpec("everywhere.look_system", "Look: as the system", checkable=True)
LIGHT_LOOK = ActionSpec("everywhere.look_light", "Look: light", checkable=True)
DARK_LOOK = ActionSpec("everywhere.look_dark", "Look: dark", checkable=True)
LOOKS = (SYSTEM_LOOK, LIGHT_LOOK, DARK_LOOK)
MENU = ((OPEN_FOLDER, OPEN_PROJECT, CLOSE_PROJECT), (DEMO, RESET_DEMO), LOOKS, (CHEAT_SHEET, ABOUT), (QUIT,))


def room_spec(number: int, name: str) -> ActionSpec:
    """Return the action that goes to a room; ``number`` counts from 1."""
    entry = ROOMS[name]
    return ActionSpec(f"everywhere.room_{name}", f"Go to {entry.name}", (f"Ctrl+{number}",), entry.icon)
