"""The base classes of drivers. A driver needs nothing else of edgeai but messages, errors and draw.

A driver writes `_open`, `_read` (or `_write`) and `_close`; the public methods here own waiting, pacing, time-outs,
counting, stamps and closed-checks, for all drivers alike. No driver starts a thread.
"""

from __future__ import annotations

import contextlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from edgeai.clock import NS, Clock
from edgeai.errors import (
    ConfigError,
    DeviceError,
    DeviceLost,
    DeviceNotFound,
    DeviceTimeout,
    EdgeAIError,
    PluginError,
    Problem,
)
from edgeai.messages import Column, Device, Frame, Intrinsics, MeterReading, Reading, Result, StampClock
from edgeai.quantities import Duration, Fraction, Rate, Size, Watts
from edgeai.stamping import Stamper, detect_clock

if TYPE_CHECKING:
    from typing import Self

__all__ = [
    "NS",
    "Camera",
    "CameraOptions",
    "Capture",
    "Clock",
    "Column",
    "Device",
    "Driver",
    "DriverOptions",
    "Duration",
    "EndOfSource",
    "Fraction",
    "Meter",
    "MeterOptions",
    "Output",
    "Rate",
    "Sensor",
    "SensorOptions",
    "Size",
    "Source",
    "Watts",
    "detect_clock",
    "vendor",
]


@dataclass(frozen=True, kw_only=True)
class DriverOptions:
    """What a graph may say of a driver: a frozen dataclass of keyword fields, checked before any device opens.

    The first field a driver adds takes the path of its short form (`v4l2:/dev/video0`).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


class EndOfSource(Exception):  # noqa: N818 - it is an outcome, not an error
    """Raised by `_read` when a file or folder has been read to its end."""


def vendor(module: str, extra: str) -> ModuleType:
    """Import a vendor's library inside a driver.

    Raises PluginError that names the extra which installs it, with the cause kept.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PluginError(
            f"{module} cannot be imported ({error}); install it with: pip install 'edgeai[{extra}]'"
        ) from error


class Driver(ABC):
    """A device the runtime opens, uses and closes, from one thread at a time."""

    Options: ClassVar[type[DriverOptions]] = DriverOptions
    suffixes: ClassVar[tuple[str, ...]] = ()
    """File endings by which a bare path names this driver (`clip.mp4`)."""
    schemes: ClassVar[tuple[str, ...]] = ()
    """URL schemes that name this driver whole (`rtsp`), besides its own name."""

    def __init__(self, name: str, options: Any) -> None:
        """Keep name and options; touch no device."""
        self.name = name
        self.options = options
        self._is_open = False

    @classmethod
    def claims(cls, path: str) -> bool:
        """Say whether a bare path, without a scheme, names something for this driver."""
        return path.lower().endswith(cls.suffixes) if cls.suffixes else False

    @classmethod
    def devices(cls) -> list[Device]:
        """List what this driver could open here, and for the rest what is missing."""
        return []

    def check(self) -> list[Problem]:
        """List what is wrong with the options as far as can be known without opening anything."""
        return []

    def attach(self, peers: Mapping[str, Driver]) -> None:  # noqa: B027 - most drivers need none
        """Look up other drivers of the pipeline by name, before any is opened; most need none."""

    def open(self, clock: Clock) -> None:
        """Open the device; `clock` is the pipeline's. Raises DeviceError, PluginError."""
        if not self._is_open:
            self._clock = clock
            self._is_open = True
            try:
                self._open()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the device; may be called twice."""
        if self._is_open:
            self._is_open = False
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_open(self) -> None:
        if not self._is_open:
            raise DeviceError(f"{self.name} is not open: open it before use, and do not use it after close")

    @abstractmethod
    def _open(self) -> None:
        """Acquire the device. Called by `open`, once. A raise is followed by `_close`."""

    @abstractmethod
    def _close(self) -> None:
        """Release whatever `_open` acquired, even half of it. Called by `close`."""


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """What `_read` returns: the data, the device's stamp (ns) and its clock, and captures lost since the last one."""

    data: Any
    raw: int | None = None
    clock: StampClock = "none"
    lost: int = 0


M = TypeVar("M", Frame, Reading)


class Source(Driver, Generic[M]):
    """A camera or sensor: it captures.

    Stamps on the media clock (files) are paced: `read` gives a capture when it is due, unless `lossless`. A source
    with a `period` (simulations) is asked for a capture each period, and finds its time in `capture_time`.
    """

    period: int | None = None
    """Nanoseconds between captures that this source wants to be asked for; None when the device sets the pace."""
    lossless: bool = False
    """True when nothing may be dropped: captures wait for the pipeline, not the other way round."""
    rate: float | None = None
    """Captures a second as announced by the device, set by `_open`; None when unknown."""
    stall: float = 5.0
    """Seconds without a capture after which `read` raises DeviceTimeout."""

    def __init__(self, name: str, options: Any) -> None:
        """Keep name and options; a driver with an option `lossless` is what that says."""
        super().__init__(name, options)
        self.lossless = getattr(options, "lossless", self.lossless)

    def open(self, clock: Clock) -> None:
        """Open the device and start counting captures from zero."""
        self.ended = False
        self.captured = 0
        self.lost = 0
        self.capture_time = 0
        self._stamper = Stamper()
        self._pending: Capture | None = None
        self._next_period: int | None = None
        self._silent_since: int | None = None
        super().open(clock)

    def due(self) -> int | None:
        """Return when the next capture is due (ns), where that can be known without waiting; else None.

        None with `ended` set means there will be no more.
        """
        self._require_open()
        if self.period is not None:
            if self._next_period is None:
                self._next_period = self._clock.now()
            return self._next_period
        if self._pending is None:
            self._pending = self._take(0.0)
        if self._pending is None:
            return None
        return self._due_of(self._pending)

    def read(self, timeout: float) -> M | None:
        """Return the next capture, or None when none came within `timeout` seconds or the source has `ended`.

        Raises DeviceLost when the device went away, DeviceTimeout after `stall` seconds of silence, DeviceError for
        a capture that is not what was announced, ConfigError for a crop outside the picture.
        """
        self._require_open()
        if self.period is not None:
            return self._read_periodic(self.period, self._clock.now() + int(timeout * NS))
        give_up = self._clock.now() + int(timeout * NS)
        capture = self._wait_for(give_up)
        if capture is None:
            return None
        if capture.clock == "media" and not self._reached(self._due_of(capture), give_up):
            self._pending = capture
            return None
        return self._message(capture, self._clock.now())

    def _wait_for(self, give_up: int) -> Capture | None:
        """Ask `_read` until it has a capture, the source has ended or the time is up; it may come back early.

        On a virtual clock a wait for a device takes no time: there it is asked once.
        """
        capture, self._pending = self._pending, None
        while capture is None and not self.ended:
            before = self._clock.now()
            capture = self._take(max(0, give_up - before) / NS)
            if capture is not None or not before < self._clock.now() < give_up:
                break
        return capture

    def _reached(self, due: int, give_up: int) -> bool:
        """Wait for `due`, at most to `give_up`, and say whether it has come: a clock that is stopped wakes us early."""
        if due > self._clock.now():
            self._clock.sleep_until(min(due, give_up))
        return due <= self._clock.now()

    def _read_periodic(self, period: int, give_up: int) -> M | None:
        """Capture at the newest period that is due; those that nobody read in time are lost, as with a real device."""
        due = self.due() or 0
        if not self._reached(due, give_up):
            return None
        missed = (self._clock.now() - due) // period
        self.capture_time = due + missed * period
        self._next_period = self.capture_time + period
        capture = self._take(0.0)
        if capture is None:
            return None
        capture = replace(capture, raw=self.capture_time, clock="monotonic", lost=capture.lost + missed)
        return self._message(capture, self._clock.now())

    def _take(self, timeout: float) -> Capture | None:
        if self.ended:
            return None
        asked = self._clock.now()
        try:
            capture = self._read(timeout)
        except EndOfSource:
            self.ended = True
            return None
        if capture is not None:
            self._silent_since = None
            return capture
        if self._silent_since is None:
            self._silent_since = asked
        if self._clock.now() - self._silent_since > self.stall * NS:
            self._silent_since = None
            raise DeviceTimeout(
                f"{self.name} has delivered nothing for {self.stall:g} s: look at its cable and its power"
            )
        return None

    def _due_of(self, capture: Capture) -> int:
        now = self._clock.now()
        if capture.clock != "media" or capture.raw is None or self.lossless:
            return now
        return self._stamper.media_due(capture.raw, now)

    def _message(self, capture: Capture, arrival: int) -> M:
        self.lost += capture.lost
        seq = self.captured + self.lost
        if self.lossless:
            stamp, timing = arrival, replace(self._stamper.stamp(capture.clock, capture.raw, arrival)[1], offset=0)
        else:
            stamp, timing = self._stamper.stamp(capture.clock, capture.raw, arrival)
        self.captured += 1
        return self._wrap(capture.data, seq, stamp, timing)

    @abstractmethod
    def _read(self, timeout: float) -> Capture | None:
        """Return the next capture, or None when none comes within `timeout` seconds; coming back early is no harm.

        Called by `read`. Raise EndOfSource after the last one, DeviceLost when the device went away. The data is handed
        over: it must not be written to afterwards.
        """

    @abstractmethod
    def _wrap(self, data: Any, seq: int, stamp: int, timing: Any) -> M:
        """Make the message of a capture's data."""


@dataclass(frozen=True, kw_only=True)
class CameraOptions(DriverOptions):
    """What every camera takes.

    rotate: degrees clockwise. flip: `horizontal`, `vertical` or `both`. crop: x, y, width, height in pixels of the
    device's picture. Applied in the order crop, rotate, flip. intrinsics: fx, fy, cx, cy and distortion, of the
    delivered frame.
    """

    rotate: Literal[0, 90, 180, 270] = 0
    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    crop: tuple[int, int, int, int] | None = None
    intrinsics: Intrinsics | None = None


_TURNS = {90: "ROTATE_90_CLOCKWISE", 180: "ROTATE_180", 270: "ROTATE_90_COUNTERCLOCKWISE"}
_FLIPS = {"horizontal": 1, "vertical": 0, "both": -1}


class Camera(Source[Frame]):
    """A source of frames. `_read` returns BGR uint8 (height, width, 3), or (height, width) when gray.

    The pictures of its frames are contiguous and can only be read.
    """

    Options: ClassVar[type[DriverOptions]] = CameraOptions
    colour: Literal["bgr", "rgb", "gray"] = "bgr"
    varying: ClassVar[bool] = False
    """True when each picture may have a size of its own."""

    def check(self) -> list[Problem]:
        """Find a crop that lies outside any picture."""
        crop = self.options.crop
        if crop is None or (min(crop[:2]) >= 0 and min(crop[2:]) >= 1):
            return []
        expected = "x, y, width, height in pixels, x and y from 0, width and height from 1"
        return [Problem(f"cameras.{self.name}.crop", f"{list(crop)}", expected)]

    def open(self, clock: Clock) -> None:
        """Open the camera; the size of its first picture is the size it must keep, unless it is `varying`."""
        self._shape: tuple[int, ...] | None = None
        options = self.options
        self._turns = options.crop is not None or options.rotate != 0 or options.flip != "none"
        super().open(clock)

    def _wrap(self, data: Any, seq: int, stamp: int, timing: Any) -> Frame:
        image = self._checked(data)
        if self._turns:
            image = self._oriented(image)
        if not image.flags.c_contiguous:
            image = np.ascontiguousarray(image)
        image.flags.writeable = False
        colour = "gray" if image.ndim == 2 else self.colour
        return Frame(self.name, seq, stamp, image, colour, timing, self.options.intrinsics)

    def _checked(self, image: Any) -> npt.NDArray[np.uint8]:
        if (self._shape is None or self.varying) and isinstance(image, np.ndarray):
            self._shape = self._announced(image)
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != self._shape or not image.size:
            raise DeviceError(
                f"{self.name} announced pictures of shape {self._shape}, uint8, and delivered {_describe(image)}: "
                "fix the size in the camera's options, or the device"
            )
        return image

    def _announced(self, image: npt.NDArray[Any]) -> tuple[int, ...]:
        if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3):
            return image.shape
        return (*image.shape[:2], 3)

    def _oriented(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        options = self.options
        if options.crop is not None:
            x, y, width, height = options.crop
            if x < 0 or y < 0 or width < 1 or height < 1 or x + width > image.shape[1] or y + height > image.shape[0]:
                raise ConfigError(
                    Problem(
                        f"cameras.{self.name}.crop",
                        f"{list(options.crop)}",
                        f"x, y, width, height inside {image.shape[1]}x{image.shape[0]}",
                    )
                )
            image = image[y : y + height, x : x + width]
        if options.rotate or options.flip != "none":
            import cv2  # ten times faster here than numpy's strided copies

            if options.rotate:
                image = cv2.rotate(image, getattr(cv2, _TURNS[options.rotate]))
            if options.flip != "none":
                image = cv2.flip(image, _FLIPS[options.flip])
        return image


def _describe(data: Any) -> str:
    return f"shape {data.shape}, {data.dtype}" if isinstance(data, np.ndarray) else type(data).__name__


@dataclass(frozen=True, kw_only=True)
class SensorOptions(DriverOptions):
    """What every sensor takes. history: seconds of readings kept for `history()`, windows and synchronisation."""

    history: Duration = 10.0


class Sensor(Source[Reading]):
    """A source of readings. `_read` returns a sequence of floats, one for each of `columns`."""

    Options: ClassVar[type[DriverOptions]] = SensorOptions
    columns: tuple[Column, ...] = ()
    """Names and units, known after `_open` at the latest."""
    headline: tuple[str, ...] = ()
    """Names of the columns that a status line shows."""

    def _wrap(self, data: Any, seq: int, stamp: int, timing: Any) -> Reading:
        values = tuple(float(value) for value in data)
        if len(values) != len(self.columns):
            raise DeviceError(
                f"{self.name} delivered {len(values)} values for {len(self.columns)} columns: correct `columns`"
            )
        return Reading(self.name, seq, stamp, values, self.columns, timing)


class Output(Driver):
    """Consumes results, on a thread of its own behind a bounded queue, so that a slow one blocks nobody."""

    wants_frames: bool = False
    """True when `_write` needs the frame that was looked at."""
    keeps: Literal["all", "newest"] = "all"
    """When results come faster than they are written: `all` queues them (and counts what overflows), `newest` keeps the
    newest of each stream, as suits commands and displays."""

    def write(self, result: Result, frame: Frame | None) -> None:
        """Write one result; `frame` is given when `wants_frames`. Raises DeviceError."""
        self._require_open()
        self._write(result, frame)

    @abstractmethod
    def _write(self, result: Result, frame: Frame | None) -> None:
        """Write one result. Called by `write`."""


@dataclass(frozen=True, kw_only=True)
class MeterOptions(DriverOptions):
    """What every meter takes. root: the folder that stands for `/`: a copy of another machine's files, or a test's."""

    root: str = "/"


class Meter(Driver):
    """Tells the board's situation: power, temperature, throttling, clock frequency or energy left.

    A meter is polled, about every `interval` seconds, from a thread that may wait: some ask a program or a slow bus.
    """

    Options: ClassVar[type[DriverOptions]] = MeterOptions
    interval: float = 1.0
    """Seconds between readings that suit the device."""

    @classmethod
    def detect(cls, root: str = "/") -> list[Device]:
        """List what this meter could read under `root`, and for the rest what is missing."""
        return []

    @classmethod
    def devices(cls) -> list[Device]:
        """List what this meter could read here, and for the rest what is missing."""
        return cls.detect()

    def open(self, clock: Clock) -> None:
        """Find the device. Raises DeviceNotFound, DeviceError, PluginError."""
        with self._in_sentences(DeviceNotFound, "has no device"):
            super().open(clock)

    def read(self) -> MeterReading:
        """Return what the device tells; it may take a second or two.

        Raises DeviceLost when the device went away, DeviceNotFound when it may not be read, DeviceTimeout when it is
        silent, DeviceError when it tells what cannot be understood. Reading again after any of them is allowed.
        """
        self._require_open()
        with self._in_sentences(DeviceLost, "has lost its device"):
            return self._read()

    @contextlib.contextmanager
    def _in_sentences(self, gone: type[DeviceError], what: str) -> Iterator[None]:
        try:
            yield
        except EdgeAIError:
            raise
        except PermissionError as error:
            raise DeviceNotFound(
                f"{self.name} may not read {error.filename}: run as root, or grant the permission by a udev rule"
            ) from error
        except OSError as error:
            raise gone(f"{self.name} {what} ({error}): look at its driver and its wires") from error
        except ValueError as error:
            raise DeviceError(f"{self.name} is told something unreadable: {error}") from error

    @abstractmethod
    def _read(self) -> MeterReading:
        """Return what the device tells now. Called by `read`; an OSError or ValueError becomes a DeviceError there."""
