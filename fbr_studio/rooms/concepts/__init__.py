"""The Concepts room: what the model takes for a class, judged by a person."""

from fbr_studio.rooms.concepts.room import ConceptsRoom

__all__ = ["ConceptsRoom"]
