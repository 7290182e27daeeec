"""Everything a person can do in this room."""

from __future__ import annotations

from fbr_studio.actions import ActionSpec

BACKGROUND = ActionSpec(
    "concepts.background", "Background for this class", ("B",), "background", "It only comes along with the class"
)
EVERYWHERE = ActionSpec(
    "concepts.everywhere", "Background for every class", ("A",), "background", "It belongs to no class at all"
)
OBJECT = ActionSpec("concepts.object", "Part of the object", ("O",), "check", "It belongs to the class's objects")
MIXED = ActionSpec("concepts.mixed", "Mixed: split it", ("M",), "split", "It is both: split it in two and ask again")
SKIP = ActionSpec("concepts.skip", "Skip", ("S",), "next", "Leave this question")
UNDO = ActionSpec("concepts.undo", "Undo", ("Ctrl+Z",), "undo", "Take back the last answer and ask it again")
REDO = ActionSpec("concepts.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", "Give the answer again")
NAME = ActionSpec("concepts.name", "Name this concept", ("N",), "rename", "Give the concept a name")
GIVEN = ActionSpec(
    "concepts.given",
    "Answers",
    ("L",),
    "clock",
    "List the answers: who, when, what; take them back",
    checkable=True,
)
MASKS = ActionSpec("concepts.masks", "Make masks", ("Ctrl+M",), "mask", "Make the run's masks with what is judged")
AGAIN = ActionSpec(
    "concepts.again",
    "Train again from here",
    ("Ctrl+R",),
    "training",
    "Train one more epoch with what is judged, and compare the two runs",
)
FIND = ActionSpec("concepts.find", "Find concepts", (), "concepts", "Find the concepts of the run anew")
EFFECT = ActionSpec("concepts.effect", "Effect", ("1",), "side-by-side", "What an answer changes in the masks")
BOARD = ActionSpec("concepts.board", "Board", ("2",), "images", "All concepts with their crops")
MAP = ActionSpec("concepts.map", "Map", ("3",), "concepts", "All concepts, like beside like")
TAGS = ActionSpec("concepts.tags", "Tags", ("4",), "tag", "Images whose tags are doubtful")

TABS = (EFFECT, BOARD, MAP, TAGS)
ALL = (BACKGROUND, EVERYWHERE, OBJECT, MIXED, SKIP, UNDO, REDO, NAME, GIVEN, MASKS, AGAIN, FIND, *TABS)
