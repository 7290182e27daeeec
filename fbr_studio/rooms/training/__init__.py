"""The Training room: a form, the curves, the fixed images whose CAMs improve, the runs."""

from fbr_studio.rooms.training.room import TrainingRoom

__all__ = ["TrainingRoom"]
