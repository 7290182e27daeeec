"""Errors a person can act on: each message names the file or value, and the remedy."""

from __future__ import annotations


class FbrError(Exception):
    """Base of every error whose message is written for the user.

    The command prints ``str(error)`` on one line and exits with 1; the studio shows it in place.
    """


class ConfigError(FbrError):
    """An option is outside its limits or does not fit the others."""


class ProjectError(FbrError):
    """A project folder cannot be made, opened or changed."""


class ProjectLockedError(ProjectError):
    """Another process has the project open for writing."""


class ProjectTooNewError(ProjectError):
    """The project was written by a newer version of this program."""


class ReadError(FbrError):
    """A file (image, mask, map, table) is missing, broken or not what it should be."""


class WriteError(FbrError):
    """A file cannot be written: no space left, read-only, or missing rights."""


class WeightsError(FbrError):
    """Network weights cannot be found, fetched or do not fit the network."""


class NonFiniteLossError(FbrError):
    """A loss became NaN or infinite; the message names which."""


class DeviceError(FbrError):
    """The asked-for device is not there or ran out of memory.

    ``largest_batch``: how many images of a training batch fit (0: not even one), None where that was not found out.
    """

    def __init__(self, message: str, largest_batch: int | None = None) -> None:
        super().__init__(message)
        self.largest_batch = largest_batch
