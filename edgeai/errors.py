"""The errors edgeai raises, sorted by what the caller can do next.

    EdgeAIError
     ├── PluginError      (LookupError)        install or rename a plug-in
     ├── ConfigError      (ValueError)         mend the graph, the options or the command line
     ├── DeviceError      (OSError)            look at the device
     │    ├── DeviceNotFound  (FileNotFoundError)   plug it in, mend the path, grant the permission
     │    ├── DeviceLost      (ConnectionError)     it was there and went away: reopen
     │    └── DeviceTimeout   (TimeoutError)        it is there and says nothing: wait or reopen
     ├── StaleResult      (TimeoutError)       stop: what the robot acts on is older than it may be
     ├── ModelError       (ValueError)         use another file, or say what the model is
     └── RecordingError   (ValueError)         use another recording, or what could be read of it

Every message is a sentence that says what was found and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ConfigError",
    "DeviceError",
    "DeviceLost",
    "DeviceNotFound",
    "DeviceTimeout",
    "EdgeAIError",
    "ModelError",
    "PluginError",
    "Problem",
    "RecordingError",
    "StaleResult",
]


class EdgeAIError(Exception):
    """Any error that edgeai raises on purpose."""


class PluginError(EdgeAIError, LookupError):
    """A plug-in is missing, is there twice, or cannot be imported."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration.

    `path` leads to the value in the document (`stages.objects.deadline`); `line` counts from 1 and is None where
    there is no file; `hint` is a sentence that helps, or empty.
    """

    path: str
    found: str
    expected: str
    file: str | None = None
    line: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        text = f"{self.path or 'document'}: found {self.found}, expected {self.expected}"
        if self.hint:
            text += f"; {self.hint}"
        return f"{where}: {text}" if where else text


class ConfigError(EdgeAIError, ValueError):
    """A configuration is wrong; `problems` holds everything found wrong in it, in document order."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p for p in problems if isinstance(p, Problem))
        super().__init__("\n".join(str(problem) for problem in problems))


class DeviceError(EdgeAIError, OSError):
    """A camera, sensor, meter or output fails."""


class DeviceNotFound(DeviceError, FileNotFoundError):  # noqa: N818 - says what happened
    """The device or file is not there, or may not be opened."""


class DeviceLost(DeviceError, ConnectionError):  # noqa: N818 - says what happened
    """The device was open and went away."""


class DeviceTimeout(DeviceError, TimeoutError):  # noqa: N818 - says what happened
    """The device is open and delivers nothing in time."""


class ModelError(EdgeAIError, ValueError):
    """A model cannot be loaded, understood or run."""


class StaleResult(EdgeAIError, TimeoutError):  # noqa: N818 - says what happened
    """A result that is required has grown older than it may be."""


class RecordingError(EdgeAIError, ValueError):
    """A recording cannot be read or written."""
