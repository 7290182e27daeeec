"""The ``fbr-engine`` command: a thin face on the stages."""
