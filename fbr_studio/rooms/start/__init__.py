"""The start page: where a project comes from."""

from fbr_studio.rooms.start.opened_sentences import opened_sentences
from fbr_studio.rooms.start.start_page import StartPage

__all__ = ["StartPage", "opened_sentences"]
