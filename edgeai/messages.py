"""The values that flow through a pipeline. All are frozen; arrays in them are to be read, not written.

Geometry is in pixels of the source frame, x to the right and y down, boxes as (x1, y1, x2, y2). Stamps are integer
nanoseconds on the pipeline's clock.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from edgeai.parts import Part, Parts
from edgeai.values import (
    UNSEEN,
    Classification,
    ClassMap,
    Column,
    Detections,
    Embedding,
    Keypoints,
    Regression,
    Score,
    Tensors,
)

__all__ = [
    "FAULT",
    "FRESH",
    "NEVER",
    "STALE",
    "UNSEEN",
    "Basis",
    "ClassMap",
    "Classification",
    "Colour",
    "Column",
    "Detections",
    "Device",
    "Embedding",
    "Frame",
    "Intrinsics",
    "Keypoints",
    "Mark",
    "Measures",
    "MeterReading",
    "MeterValue",
    "Part",
    "Parts",
    "PowerBasis",
    "Reading",
    "Readings",
    "Regression",
    "Result",
    "Score",
    "Snapshot",
    "StampClock",
    "Status",
    "Tensors",
    "Timing",
    "plain",
]

Colour = Literal["bgr", "rgb", "gray"]
StampClock = Literal["monotonic", "boottime", "media", "utc", "device", "none"]
Basis = Literal["inferred", "unchanged", "coasted"]
Mark = tuple[str, str, int]
"""A row of a ledger: (stage or source, mark, time in ns)."""
PowerBasis = Literal["measured", "modelled"]
"""Whether a figure of power was measured, or computed from other figures by a model."""
Measures = Literal["board", "rails", "cpu", "battery", "none"]
"""What a figure of power is of: the whole board at its input, some of its supply rails, the processor's package alone,
a battery that discharges, or nothing (a thermometer)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Where a stamp comes from.

    `clock` names the clock the device stamped on (`none`: it did not, and the stamp is the time of arrival); `raw` is
    the device's own stamp in ns; `offset` was added to it to reach the pipeline's clock, give or take `uncertainty`.
    """

    clock: StampClock = "none"
    raw: int | None = None
    offset: int = 0
    uncertainty: int = 0


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera: focal lengths and principal point in pixels of the delivered frame, and lens distortion.

    `distortion` has OpenCV's order (k1, k2, p1, p2, k3, ...).
    """

    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture: uint8, (height, width, 3) in `colour` order, or (height, width) when gray.

    `seq` counts every capture of `source`, gaps included; `stamp` is the capture time in ns.
    """

    source: str
    seq: int
    stamp: int
    image: npt.NDArray[np.uint8]
    colour: Colour = "bgr"
    timing: Timing = Timing()
    intrinsics: Intrinsics | None = None
    encoded: bytes | None = field(default=None, repr=False, metadata={"transient": True})
    """The JPEG that the device delivered, where decoding it gives exactly `image`."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """One sample of a sensor: a value for each column."""

    source: str
    seq: int
    stamp: int
    values: tuple[float, ...]
    columns: tuple[Column, ...]
    timing: Timing = Timing()
    encoded: bytes | None = field(default=None, repr=False, compare=False, metadata={"transient": True})
    """The bytes that the device delivered, where it delivers bytes."""

    def __getitem__(self, name: str) -> float:
        for column, value in zip(self.columns, self.values, strict=True):
            if column.name == name:
                return value
        raise KeyError(f"{self.source} has no column {name!r}, it has {[c.name for c in self.columns]}")

    def as_dict(self) -> dict[str, float]:
        """Return {column name: value}."""
        return {column.name: value for column, value in zip(self.columns, self.values, strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """A window of consecutive readings of one sensor, oldest first: values float64 (n, columns).

    `seq` and `stamp` are those of the newest, which completed the window; `began` is the stamp of the oldest (ns).
    """

    source: str
    seq: int
    stamp: int
    began: int
    values: npt.NDArray[np.float64]
    columns: tuple[Column, ...]
    timing: Timing = Timing()

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class MeterValue:
    """One thing a meter tells, by the device's own name for it; a text for what is no number (a governor).

    `unit` is W, V, A, J, °C, Hz, or empty for a fact or a text.
    """

    name: str
    value: float | bool | str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What a meter told: None for what it does not know, and everything it said in `values`.

    `watts` is power drawn by what `measures` names, `basis` whether it was measured or modelled; `celsius` the
    processor's temperature, `throttled` whether its clock is held down now, `joules` the energy left in a battery.
    `stamp` is when that was true, in ns; `note` says in a sentence what the figures leave out.
    """

    meter: str
    stamp: int
    watts: float | None = None
    celsius: float | None = None
    throttled: bool | None = None
    joules: float | None = None
    measures: Measures = "none"
    basis: PowerBasis = "measured"
    values: tuple[MeterValue, ...] = ()
    note: str = ""

    def __getitem__(self, name: str) -> float | bool | str:
        for value in self.values:
            if value.name == name:
                return value.value
        raise KeyError(f"{self.meter} has no value {name!r}, it has {[value.name for value in self.values]}")


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a stage found, in which inputs, and when.

    `stamp` is the capture time of what leads (of a window of readings, its newest), `inputs` are (source, seq)
    pairs, `basis` says whether a model looked (`inferred`) or an earlier result was carried forward, and
    `inferred_stamp` when a model last looked.
    `ledger` holds the rows (stage, mark, ns) from captured to published. `variant` and `threads` are the operating
    point that was used; `intrinsics` and `timing` are those of the frame.
    """

    stream: str
    seq: int
    stamp: int
    value: Any
    inputs: tuple[tuple[str, int], ...]
    ledger: tuple[Mark, ...] = ()
    basis: Basis = "inferred"
    inferred_stamp: int = 0
    variant: str = ""
    threads: int = 1
    timing: Timing = Timing()
    intrinsics: Intrinsics | None = None

    @property
    def published(self) -> int:
        """Time of publication in ns (the last row of the ledger)."""
        return self.ledger[-1][2] if self.ledger else self.stamp

    @property
    def latency(self) -> float:
        """Seconds from capture to publication."""
        return (self.published - self.stamp) / 1e9


class Status(enum.Enum):
    """How far a snapshot may be trusted."""

    FRESH = "fresh"
    STALE = "stale"
    NEVER = "never"
    FAULT = "fault"


FRESH, STALE, NEVER, FAULT = Status.FRESH, Status.STALE, Status.NEVER, Status.FAULT

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot(Generic[T]):
    """The newest message of a stream, and how far it may be trusted.

    `age` is in seconds since capture (infinite when there never was one). `message` is the Result or Reading, also
    when STALE or FAULT, None only when NEVER or when the fault came first; `why` explains anything but FRESH.
    """

    status: Status
    age: float
    message: T | None = None
    why: str = ""

    @property
    def value(self) -> Any:
        """The result's value, or the reading itself; None without a message."""
        return getattr(self.message, "value", self.message)


@dataclass(frozen=True, slots=True)
class Device:
    """Something a driver could open here, or why it cannot: `missing` is empty when it can."""

    driver: str
    uri: str
    description: str = ""
    missing: str = ""


def plain(value: Any) -> Any:
    """Return a result's value as plain Python for JSON: rows of what was found, {name: value}, lists of numbers.

    Values a Python stage returned are passed through; arrays become lists; anything else its `repr`.
    """
    if isinstance(value, Parts):
        return [_plain_part(part) for part in value]
    if isinstance(value, Detections | Classification | Keypoints | ClassMap):
        return value.rows()
    if isinstance(value, Regression | Score | Reading):
        return value.as_dict()
    if isinstance(value, Embedding):
        return value.vector.tolist()
    if isinstance(value, Tensors):
        return {name: plain(tensor) for name, tensor in value.tensors.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return repr(value)


def _plain_part(part: Part) -> dict[str, Any]:
    track = {} if part.track_id is None else {"track_id": part.track_id}
    box = [round(float(edge), 2) for edge in part.box]
    return {"parent": part.parent, **track, "box": box, "value": plain(part.value)}
