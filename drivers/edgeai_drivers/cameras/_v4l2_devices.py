"""The V4L2 devices of this machine: their names, what they can, and why one cannot be opened."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path

from edgeai.driver import Device
from edgeai.errors import DeviceError, DeviceNotFound

__all__ = ["capability", "device_path", "holders", "list_cameras", "query", "refusal", "uris"]

_QUERYCAP = 0x80685600
_QUERYCAP_FORMAT = "16s32s32sIII12x"
_DEVICE_CAPS = 0x80000000
_CAPTURES = 0x00000001 | 0x00001000
_SERIAL = "serial="


def device_path(path: str, root: Path = Path("/")) -> str:
    """Return the device file of an option's path: a number, a name in /dev/v4l, or serial=... of a USB camera.

    What is not plugged in gives a path that is not there.
    """
    if path.isdecimal():
        return f"/dev/video{int(path)}"
    if path.startswith(("by-id/", "by-path/")):
        return f"/dev/v4l/{path}"
    if path.startswith(_SERIAL):
        wanted = path.removeprefix(_SERIAL)
        nodes = [node for node in root.glob("sys/class/video4linux/video*") if _serial_of(node) == wanted]
        return f"/dev/{min(nodes, key=_number_of).name}" if nodes else path
    return path


def _serial_of(node: Path) -> str:
    """Return the serial number of a USB camera by its first node in /sys; empty for other nodes."""
    try:
        if (node / "index").read_text().strip() != "0":
            return ""
        return ((node / "device").resolve().parent / "serial").read_text().strip()
    except OSError:
        return ""


def _number_of(node: Path) -> int:
    digits = node.name.removeprefix("video")
    return int(digits) if digits.isdecimal() else 1 << 30


def query(path: str) -> tuple[str, bool]:
    """Return a device's name and whether it captures video. Raises OSError with the true errno."""
    file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        return capability(fcntl.ioctl(file, _QUERYCAP, bytes(struct.calcsize(_QUERYCAP_FORMAT))))
    finally:
        os.close(file)


def capability(answer: bytes) -> tuple[str, bool]:
    """Read a `struct v4l2_capability`: the card's name, and whether this node captures video."""
    _, card, _, _, whole, node = struct.unpack(_QUERYCAP_FORMAT, answer)
    return card.split(b"\0")[0].decode(errors="replace"), bool((node if whole & _DEVICE_CAPS else whole) & _CAPTURES)


def refusal(name: str, path: str, error: OSError, present: list[Device]) -> DeviceError:
    """Make the error that says why a device could not be opened and what to do."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeviceNotFound(
            f"{name}: {path} may not be opened: add yourself to the group `video` (sudo usermod -aG video $USER) and "
            "log in again"
        )
    if error.errno == errno.EBUSY:
        return DeviceError(
            f"{name}: {path} is busy: end the program that uses it ({', '.join(holders(path)) or 'unknown'})"
        )
    if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return DeviceNotFound(f"{name}: {path} is not a video device: give one of {uris(present)}")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO):
        return DeviceNotFound(f"{name}: there is no camera at {path}: plug it in, or give one of {uris(present)}")
    return DeviceError(f"{name}: {path} cannot be opened ({error.strerror}): unplug it and plug it in again")


def uris(present: list[Device]) -> str:
    return (
        ", ".join(device.uri for device in present if not device.missing) or "those that are plugged in (none is now)"
    )


def holders(path: str, proc: Path = Path("/proc")) -> list[str]:
    """List the processes that have a file open, as `name (pid 123)`, as far as this user may see; not this one."""
    wanted = os.path.realpath(path)
    found = []
    for process in sorted((item for item in proc.iterdir() if item.name.isdecimal()), key=lambda item: int(item.name)):
        if int(process.name) == os.getpid():
            continue
        try:
            if any(os.path.realpath(link) == wanted for link in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
        except OSError:
            continue
    return found


def list_cameras(root: Path) -> list[Device]:
    """List the video devices under `root`, in the order of their numbers, by the stable name where there is one."""
    links = {}
    for folder in ("by-path", "by-id"):  # the latter says what a camera is, the former only where it is plugged in
        for link in sorted(root.glob(f"dev/v4l/{folder}/*"), reverse=True):
            links[link.resolve()] = f"{folder}/{link.name}"
    nodes = [node for node in root.glob("dev/video*") if node.name.removeprefix("video").isdecimal()]
    found = []
    for node in sorted(nodes, key=_number_of):
        shown = f"/{node.relative_to(root)}"
        title = root / "sys/class/video4linux" / node.name / "name"
        card = title.read_text().strip() if title.is_file() else ""
        try:
            card, captures = query(str(node))
        except OSError as error:
            missing = str(refusal(shown, shown, error, []))
        else:
            missing = "" if captures else f"{shown} is another node of a camera, or a codec: it captures no video"
        stable = links.get(node.resolve())
        description = ", ".join(part for part in (card, shown if stable else "") if part)
        found.append(Device("v4l2", f"v4l2:{stable or shown}", description, missing))
    return found or [Device("v4l2", "v4l2:/dev/video0", missing="no camera is plugged in: there is no /dev/video*")]
