"""Serial ports: opened, listed and written so that no call blocks for long and every failure says what to do."""

from __future__ import annotations

import contextlib
import difflib
import errno
import fcntl
import grp
import importlib.util
import os
import select
import struct
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import serial
from serial.tools import list_ports

from edgeai.driver import NS, Clock
from edgeai.errors import ConfigError, DeviceError, DeviceLost, DeviceNotFound, Problem
from edgeai.messages import Device

_BY_ID = Path("/dev/serial/by-id")
BORROWED = ("sim:", "sensor:")
"""What stands before the name of another device of the pipeline whose port an output talks through."""
OWN = "a device, or a URL of pyserial; the port of another device is only lent to outputs"
"""What is expected of who owns a port."""
_QUEUED = 0.05
"""Seconds of line time that may wait in the kernel before a command: older commands would hold up newer ones."""
_STEP = NS // 1000
_LAST_WORD = 0.2
"""Seconds that the last bytes get to leave when a port is closed."""


def open_port(name: str, path: str, url: str, baud: int, write_timeout: float) -> Any:
    """Open a port for driver `name`: a device, a pty, or a URL of pyserial (socket://, rfc2217://, loop://).

    `path` leads to the port in the graph. Raises DeviceNotFound, DeviceError, ConfigError.
    """
    try:
        return serial.serial_for_url(url, baudrate=baud, timeout=0, write_timeout=write_timeout, exclusive=True)
    except ValueError as error:
        expected = "a port and a baud rate that pyserial knows"
        raise ConfigError(Problem(path, f"{url!r} at {baud} baud", expected, hint=str(error))) from error
    except OSError as error:
        raise _open_error(name, url, error) from error


def _open_error(name: str, url: str, error: OSError) -> DeviceError:
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return DeviceNotFound(f"{name} finds no serial port {url}: plug it in or correct `port`; {_choices(url)}")
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeviceNotFound(f"{name} may not open {url}: {permission_advice(url)}")
    if error.errno in (errno.EBUSY, errno.EWOULDBLOCK):
        return DeviceError(f"{name} finds {url} in use by another program: close that one (fuser -v {url} names it)")
    if os.path.exists(url) and not Path(url).is_char_device():
        return DeviceNotFound(f"{name} is given {url}, which is not a serial port: correct `port`; {_choices(url)}")
    return DeviceNotFound(f"{name} cannot open {url}: {error}; look at the device and at `port`")


def _choices(url: str) -> str:
    ports = [device.uri.partition(":")[2] for device in list_devices("serial") if device.description]
    close = difflib.get_close_matches(url, ports, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are: {', '.join(ports)}" if ports else "there is no serial port on this machine"


def permission_advice(path: str) -> str:
    """Return what to do to be allowed to open a device."""
    try:
        group = grp.getgrgid(os.stat(path).st_gid).gr_name
    except (OSError, KeyError):
        group = "dialout"
    return f"join its group with `sudo usermod -aG {group} $USER` and log in again"


def list_devices(driver: str, needs: tuple[str, str] | None = None) -> list[Device]:
    """List the serial ports of this machine, by names that stay when the cable moves where udev gives them.

    needs: the module, and the extra that installs it, without which the driver cannot open any of them.
    """
    lacking = "" if needs is None else absent(*needs)
    by_id = {os.path.realpath(link): str(link) for link in _links()}
    ports = [(port, by_id.get(port.device, port.device)) for port in sorted(list_ports.comports())]
    found = [_device(driver, port, path, lacking) for port, path in ports]
    return found or [Device(driver, f"{driver}:/dev/ttyACM0", missing=lacking or "no serial port is plugged in")]


def _device(driver: str, port: Any, path: str, lacking: str) -> Device:
    allowed = os.access(path, os.R_OK | os.W_OK)
    description = port.description if port.description not in ("", "n/a") else port.name
    missing = lacking if allowed else f"it may not be opened: {permission_advice(path)}"
    return Device(driver, f"{driver}:{path}", str(description), missing)


def absent(module: str, extra: str) -> str:
    """Return what to do about a vendor's library that is not installed; nothing where it is. It is not imported."""
    if importlib.util.find_spec(module.partition(".")[0]) is not None:
        return ""
    return f"{module} is not installed: pip install 'edgeai[{extra}]'"


def _links() -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from sorted(_BY_ID.iterdir())


def receive(port: Any, timeout: float, most: int = 1 << 20) -> bytes:
    """Return the bytes that are there, at most `most`, waiting at most `timeout` seconds for the first. Raises OSError.

    The port's own time-out of 0 stays where it has a descriptor: to set it would configure the device again.
    """
    fd = _descriptor(port)
    if fd is None:
        port.timeout = timeout
        return bytes(port.read(1) + port.read(min(port.in_waiting, most - 1)))
    room = select.poll()
    room.register(fd, select.POLLIN)
    return bytes(port.read(most)) if room.poll(timeout * 1000) else b""


class Tap:
    """Another handle of a port that is open already, to write to: where a sensor reads from it, it can be opened once.

    It outlives the port it was made of, so that a last command is never written to something else.
    """

    def __init__(self, port: Any) -> None:
        self._fd = os.dup(port.fileno())
        self.baudrate = port.baudrate

    def fileno(self) -> int:
        """Return the descriptor. Raises ValueError once closed."""
        if self._fd < 0:
            raise ValueError("the port is closed")
        return self._fd

    @property
    def out_waiting(self) -> int:
        """Bytes that wait to leave."""
        return int(struct.unpack("I", fcntl.ioctl(self._fd, termios.TIOCOUTQ, bytes(4)))[0])

    def reset_output_buffer(self) -> None:
        """Forget the bytes that wait to leave."""
        termios.tcflush(self._fd, termios.TCOFLUSH)

    def close(self) -> None:
        """Let go of the port; it stays open for others."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class FrameWriter:
    """Sends frames over an open port, whole and newest first, and never blocks longer than `patience` seconds.

    A frame that finds no room in time is dropped and counted. Of one that was begun the rest goes out before the next,
    so the receiver never sees half of one; where the port cannot say how much it took, the next frame is led by a
    `delimiter`, which makes the receiver drop the torn one.
    """

    def __init__(self, port: Any, clock: Clock, patience: float, delimiter: bytes) -> None:
        self.dropped = 0
        self._port = port
        self._clock = clock
        self._patience = patience
        self._delimiter = delimiter
        self._rest = b""
        self._torn = False
        self._slack = int(getattr(port, "baudrate", 0) / 10 * _QUEUED)
        self._fd = _descriptor(port)
        self._room = select.poll()
        if self._fd is not None:
            self._room.register(self._fd, select.POLLOUT)

    def send(self, frame: bytes) -> None:
        """Send a frame or drop it. Raises OSError when the port has gone away."""
        give_up = self._clock.now() + int(self._patience * NS)
        if not (self._wait_until_short(max(len(frame), self._slack), give_up) and self._push(give_up)):
            self.dropped += 1
        elif self._fd is None:
            self._send_at_once(frame)
        else:
            self._rest = frame
            if not self._push(give_up) and len(self._rest) == len(frame):
                self._rest = b""
                self.dropped += 1

    def close(self) -> None:
        """Let the last bytes leave if they leave soon, and close the port."""
        with contextlib.suppress(OSError, termios.error):
            give_up = self._clock.now() + int(_LAST_WORD * NS)
            if not (self._push(give_up) and self._wait_until_short(0, give_up)):
                self._port.reset_output_buffer()
        with contextlib.suppress(OSError, termios.error):
            self._port.close()

    def _wait_until_short(self, most: int, give_up: int) -> bool:
        while _queued(self._port) > most:
            now = self._clock.now()
            if now >= give_up:
                return False
            self._clock.sleep_until(now + _STEP)
        return True

    def _push(self, give_up: int) -> bool:
        """Write the rest of the frame that was begun; say whether all of it went out."""
        while self._rest and self._fd is not None:
            left = max(give_up - self._clock.now(), 0)
            if not self._room.poll(left / 1e6):
                return False
            try:
                self._rest = self._rest[os.write(self._fd, self._rest) :]
            except BlockingIOError:
                return False
        return True

    def _send_at_once(self, frame: bytes) -> None:
        """Send through the port's own `write`, which takes all or says that time was up, but not how much it took."""
        data = self._delimiter + frame if self._torn else frame
        try:
            taken = self._port.write(data)
        except serial.SerialTimeoutException:
            taken = 0
        self._torn = taken is not None and taken < len(data)
        self.dropped += self._torn


def _descriptor(port: Any) -> int | None:
    try:
        return int(port.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _queued(port: Any) -> int:
    """Return how many bytes wait to leave; 0 where the port cannot say (a pty, a socket)."""
    try:
        return int(port.out_waiting)
    except (AttributeError, OSError):
        return 0


def lost(name: str, port: str, error: BaseException) -> DeviceLost:
    """Return the DeviceLost to raise, `from error`, for a port that was open and vanished."""
    return DeviceLost(f"{name} has lost {port} ({error}): plug it back in, or look at its cable and its power")
