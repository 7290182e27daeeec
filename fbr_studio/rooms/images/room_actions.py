"""What can be done in the room, with its keys."""

from __future__ import annotations

from fbr_studio.actions import ActionSpec
from fbr_studio.widgets.tags.tag_summary import KEYS

NEXT = ActionSpec("images.next", "Next image", ("D", "Right"), "next")
PREVIOUS = ActionSpec("images.previous", "Previous image", ("A", "Left"), "previous")
NEXT_UNTAGGED = ActionSpec("images.next_untagged", "Next untagged image", ("N",), "tag")
REST_ABSENT = ActionSpec(
    "images.rest_absent",
    "Rest absent",
    ("Return", "Enter"),
    "check",
    "The classes still unknown are absent; then on to the next untagged image",
)
CONFIRM_EMPTY = ActionSpec(
    "images.confirm_empty", "Confirm empty", ("0",), "empty", "None of the classes is in the image"
)
CONFIRM_PREDICTED = ActionSpec(
    "images.confirm_predicted",
    "Confirm predicted tags",
    ("P",),
    "accept",
    "What the run finds likely (50 % and more) is present, the rest is absent",
)
UNDO = ActionSpec("images.undo", "Undo", ("Ctrl+Z",), "undo")
REDO = ActionSpec("images.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo")
AUTO_NEXT = ActionSpec(
    "images.auto_next", "Auto-next", ("Ctrl+J",), "play", "Go on by itself once an image is tagged", checkable=True
)
SEARCH = ActionSpec("images.search", "Search by name", ("Ctrl+F",), "search")
CLEAR_FILTER = ActionSpec("images.clear_filter", "Show all images", ("Ctrl+Backspace",), "filter")
ADD_CLASS = ActionSpec("images.add_class", "Add a class", ("Ctrl+N",), "plus")
IMPORT = ActionSpec("images.import", "Import tags", ("Ctrl+I",), "import", "Import tags from a table (tags.csv)")
LOOK_FOR_NEW = ActionSpec("images.look_for_new", "Look for new photos in the folder", ("F5",), "refresh")
ADD_NEW = ActionSpec("images.add_new", "Add all new photos of the folder", (), "plus")
REMOVE = ActionSpec(
    "images.remove", "Remove from the project", ("Del",), "trash", "Remove the images from the project; files stay"
)
REVIEW = ActionSpec("images.review", "Open in Review", ("Ctrl+Return",), "review")
LARGER = ActionSpec("images.larger", "Larger thumbnails", ("Ctrl++", "Ctrl+="), "zoom-in")
SMALLER = ActionSpec("images.smaller", "Smaller thumbnails", ("Ctrl+-",), "zoom-out")


def class_specs() -> list[tuple[int, bool, ActionSpec]]:
    """Return (number, absent, spec) of the keys of the first nine classes."""
    found = []
    for number in range(1, KEYS + 1):
        present = ActionSpec(
            f"images.class_{number}",
            f"Class {number}: present or unknown",
            (str(number),),
            "tag",
            f"Say that class {number} is in the image, or take it back",
        )
        absent = ActionSpec(
            f"images.class_{number}_absent",
            f"Class {number}: absent or unknown",
            (f"Shift+{number}",),
            "minus",
            f"Say that class {number} is not in the image, or take it back",
        )
        found += [(number, False, present), (number, True, absent)]
    return found
