"""Everything a person can do in this room."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction

from fbr_studio.actions import ActionSpec

Add = Callable[[ActionSpec, Callable[..., object]], QAction]  # makes an action of the room

NEXT = ActionSpec("review.next", "Next image", ("D",), "next", "Go to the next image")
PREVIOUS = ActionSpec("review.previous", "Previous image", ("A",), "previous", "Go to the image before")
PAN = ActionSpec("review.pan", "Pan", ("V",), "pan", "Move the picture with the pointer; Space does it meanwhile", True)
BRUSH = ActionSpec("review.brush", "Brush", ("B",), "brush", "Paint the chosen class; the right button erases", True)
ERASER = ActionSpec("review.eraser", "Eraser", ("E",), "eraser", "Paint background", True)
SMALLER = ActionSpec("review.smaller", "Smaller brush", ("[",), "minus", "Make brush and eraser smaller")
LARGER = ActionSpec("review.larger", "Larger brush", ("]",), "plus", "Make brush and eraser larger")
UNDO = ActionSpec("review.undo", "Undo", ("Ctrl+Z",), "undo", "Take the last stroke back")
REDO = ActionSpec("review.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", "Do it again")
SAVE = ActionSpec("review.save", "Save now", ("Ctrl+S",), "disk", "Save painted masks now; they save themselves too")
RESTORE = ActionSpec(
    "review.restore", "Back to the run's mask", ("Del",), "trash", "Remove your mask of this image; undo brings it back"
)
FIT = ActionSpec("review.fit", "Fit", ("Ctrl+F",), "fit", "Show the whole image")
ZOOM_IN = ActionSpec("review.zoom_in", "Zoom in", ("Ctrl+=", "Ctrl++"), "zoom-in", "Come closer; so does Ctrl+wheel")
ZOOM_OUT = ActionSpec("review.zoom_out", "Zoom out", ("Ctrl+-",), "zoom-out", "Go farther away")
ACTUAL = ActionSpec("review.actual", "Actual size", ("Ctrl+0",), "", "One image pixel on one screen pixel")

SINGLE = ActionSpec("review.single", "One run", (), "single", "Show one run", True)
SIDE = ActionSpec("review.side", "Side by side", (), "side-by-side", "Show two runs side by side, moved together", True)
CURTAIN = ActionSpec("review.curtain", "Curtain", (), "curtain", "Show two runs behind a curtain that is dragged", True)
NEXT_MODE = ActionSpec("review.compare", "Change the comparison", ("S",), "", "One run, side by side, curtain, in turn")
SWAP = ActionSpec("review.swap", "Swap the runs", ("R",), "refresh", "Exchange the run and the one compared with it")

ALL_CAMS = ActionSpec("review.all_cams", "CAM of all classes", ("0",), "heat", "Show the strongest tagged class")
NEXT_CAM = ActionSpec("review.next_cam", "Next CAM", ("C",), "heat", "Show the CAM of the next class in the image")
LOWER = ActionSpec("review.lower", "Lower threshold", (",",), "down", "Lower the threshold by 1 %: larger masks")
HIGHER = ActionSpec("review.higher", "Higher threshold", (".",), "up", "Raise the threshold by 1 %: smaller masks")

ACCEPT = ActionSpec(
    "review.accept", "Accept", ("Return", "Enter"), "accept", "The mask is good; on to the next image if that is set"
)
REJECT = ActionSpec(
    "review.reject", "Reject", ("X", "Backspace"), "reject", "The mask is no good; on to the next image if that is set"
)
UNREVIEW = ActionSpec("review.unreview", "Not reviewed", ("U",), "clock", "Take back what you decided on this image")
NEXT_NEW = ActionSpec("review.next_new", "Next without a decision", ("Shift+D",), "", "Go to the next undecided image")

LAYER_TITLES = {"image": "Image", "cam": "CAM", "nroi": "NROI", "mask": "Mask", "mine": "Mine"}
LAYER_HELP = {
    "image": "The photograph",
    "cam": "Where the run sees a class: class activation map",
    "nroi": "Parts of the background that look alike: regions of no interest",
    "mask": "What the run makes of its CAMs: the pseudo mask",
    "mine": "What you painted; it takes the place of the run's mask",
}
LAYER_KEYS = {"image": "I", "cam": "H", "nroi": "N", "mask": "M", "mine": "P"}


def eye_spec(layer: str) -> ActionSpec:
    """Return the action of a layer's eye."""
    title = LAYER_TITLES[layer]
    return ActionSpec(f"review.eye_{layer}", f"Show {title}", (LAYER_KEYS[layer],), "eye", f"Show or hide: {title}")


def solo_spec(layer: str) -> ActionSpec:
    """Return the action that shows a layer alone."""
    title, key = LAYER_TITLES[layer], f"Shift+{LAYER_KEYS[layer]}"
    return ActionSpec(f"review.solo_{layer}", f"Only {title}", (key,), "solo", f"Show this layer alone: {title}")


def class_spec(number: int) -> ActionSpec:
    """Return the action that chooses the class on a digit's key, 1 to 9."""
    text = f"Class {number}"
    return ActionSpec(f"review.class_{number}", text, (str(number),), "", f"See and paint class {number} of the list")
