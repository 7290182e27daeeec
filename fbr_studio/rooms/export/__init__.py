"""The export room: three questions, a preview of what will be written, one button, the report."""

from fbr_studio.rooms.export.export_room import ExportRoom

__all__ = ["ExportRoom"]
