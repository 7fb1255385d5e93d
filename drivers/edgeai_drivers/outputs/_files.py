"""What the operating system says of a file, as a sentence that says what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound

_ADVICE: dict[int, tuple[type[DeviceError], str]] = {
    errno.ENOENT: (
        DeviceNotFound,
        "the folder {folder} is not there: create it (mkdir -p {folder}) or correct the path",
    ),
    errno.ENOTDIR: (DeviceNotFound, "a part of {folder} is a file, not a folder: correct the path"),
    errno.EISDIR: (DeviceNotFound, "it is a folder: give the name of a file in it"),
    errno.EACCES: (DeviceNotFound, "it may not be written: change its permissions, or write to another folder"),
    errno.EPERM: (DeviceNotFound, "it may not be written: change its permissions, or write to another folder"),
    errno.EROFS: (DeviceNotFound, "its disk is read-only: remount it for writing, or write to another disk"),
    errno.ENXIO: (DeviceNotFound, "nobody reads this pipe: start its reader first"),
    errno.ENOSPC: (DeviceError, "the disk is full: free some space or write elsewhere; what was written is readable"),
    errno.EDQUOT: (DeviceError, "your disk quota is used up: free some space; what was written is readable"),
    errno.EFBIG: (
        DeviceError,
        "the file is as large as it may be (ulimit -f): start another; what was written is readable",
    ),
    errno.EPIPE: (DeviceLost, "its reader has gone away: start it again, or write to a file"),
    errno.EIO: (DeviceLost, "the disk fails or was taken out: put it back, or write to another"),
}


def file_error(name: str, path: str | Path, error: OSError) -> DeviceError:
    """Return the DeviceError to raise, `from error`, for an output `name` that cannot write `path`."""
    kind, advice = _ADVICE.get(error.errno or 0, (DeviceError, f"{error.strerror or error}: write elsewhere"))
    folder = os.path.dirname(os.path.abspath(path))
    return kind(f"{name} cannot write {path}: {advice.format(folder=folder)}")
