"""The room where images get their tags."""

from fbr_studio.rooms.images.images_room import ImagesRoom

__all__ = ["ImagesRoom"]
