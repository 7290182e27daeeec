"""Files other programs read and write: plain arrays and class names in, plain arrays and class names out.

Each format is one module with a ``load_*`` and ``save_*`` pair. Nothing here knows a project or torch. What
is written replaces its file in one step (`fbr_engine.formats.atomic`); what cannot be read raises
`fbr_engine.errors.ReadError`, which names the file, the line where there is one, and the remedy.
"""
