"""The start page: where a project comes from."""

from fbr_studio.rooms.start.start_page import StartPage

__all__ = ["StartPage"]
