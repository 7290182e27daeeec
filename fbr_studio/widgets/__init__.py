"""Reusable widgets: they know no project, no job and no room."""
