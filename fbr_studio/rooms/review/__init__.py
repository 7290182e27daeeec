"""The review room: look at what a run saw, say whether its masks are good, paint them right."""

from fbr_studio.rooms.review.room import ReviewRoom

__all__ = ["ReviewRoom"]
