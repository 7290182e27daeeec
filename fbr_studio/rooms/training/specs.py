"""What a person can do in this room, with its keys."""

from __future__ import annotations

from fbr_studio.actions import ActionSpec

START = ActionSpec("training.start", "Start training", ("Ctrl+R",), "play", "Train with what the form says")
MORE = ActionSpec("training.more", "More options", ("Ctrl+M",), "settings", "Show or hide the rarely changed options")
BEFORE = ActionSpec("training.epoch_before", "CAMs of the epoch before", ("Alt+Left",), "previous")
AFTER = ActionSpec("training.epoch_after", "CAMs of the next epoch", ("Alt+Right",), "next")
LOG = ActionSpec("training.log_scale", "Logarithmic scale", ("Ctrl+L",), "training", "Switch the scale of the losses")
