"""Drivers that fail at their time. A driver keeps its class's behaviour; the fault lies between that and the device."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edgeai.clock import NS, Clock
from edgeai.driver import Capture, Driver, Meter, Output, Retry, Source
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, DeviceTimeout
from edgeai.messages import Frame

if TYPE_CHECKING:
    from edgeai.testing.faults.plan import Faults

__all__ = ["disturbed"]

D = TypeVar("D", bound=Driver)

_WRITE = 0.1
"""Seconds that a slow output takes for a result."""


def disturbed(driver: D, plan: Faults) -> D:
    """Return the driver, failing as the plan says; it is opened again like a live one, whatever it reads from."""
    cls = type(driver)
    kinds = {Source: _SourceFaults, Output: _OutputFaults, Meter: _MeterFaults}
    mixin = next(faults for base, faults in kinds.items() if isinstance(driver, base))
    if isinstance(driver, Source) and type(driver).read is not Source.read:
        mixin = _MessageFaults
    if isinstance(driver, Output) and driver.drives:
        mixin = _DrivingFaults
    driver.__class__ = type(cls.__name__, (mixin, cls), {"plan": plan})
    driver.retry = driver.retry if driver.retry.budget else Retry()
    return driver


class _Faults(Driver):
    """What every driver suffers from."""

    plan: Faults

    def _open(self) -> None:
        if self.plan.now(self.name, "unplug") is not None:
            raise DeviceNotFound(f"{self.name} is unplugged, as a fault of this test")
        super()._open()  # type: ignore[safe-super]

    def _suffer(self) -> None:
        """Raise, or hang, where that is due."""
        if self.plan.now(self.name, "unplug") is not None:
            raise DeviceLost(f"{self.name} was unplugged, as a fault of this test")
        if self.plan.now(self.name, "crash") is not None:
            raise RuntimeError("a crash, as a fault of this test")
        if (hang := self.plan.now(self.name, "hang")) is not None:
            self.plan.wait_for_end(hang)


class _SourceFaults(_Faults, Source[Any]):
    """A camera or sensor that fails."""

    _last: Capture | None = None
    _delivered = -(1 << 62)
    _odd = False

    def _read(self, timeout: float) -> Capture | None:
        self._suffer()
        if self.plan.now(self.name, "stall", "hang") is not None:
            if timeout:
                self._clock.sleep_until(self._clock.now() + int(timeout * NS))
            return None
        capture = super()._read(timeout)  # type: ignore[safe-super]
        if capture is None or self._withheld():
            return None
        if self.plan.now(self.name, "duplicate") is not None and self._last is not None:
            return self._last
        self._last = capture
        if self.plan.now(self.name, "garble") is not None:
            return replace(capture, data=_noise(capture.data, self.captured), encoded=None)
        if self.plan.now(self.name, "shape") is not None:
            return replace(capture, data=_cut(capture.data), encoded=None)
        return capture

    def _withheld(self) -> bool:
        """Say whether a capture goes by unseen."""
        if self.plan.now(self.name, "skip") is not None:
            self._odd = not self._odd
            return self._odd
        slow = self.plan.now(self.name, "slow")
        now = self._clock.now()
        rate = self.rate or (NS / self.period if self.period else 30.0)
        if slow is not None and now - self._delivered < (slow.factor - 0.5) * NS / rate:
            return True
        self._delivered = now
        return False

    def _message(self, capture: Capture, arrival: int) -> Any:
        jump = self.plan.now(self.name, "jump")
        if jump is not None:
            raw = arrival if capture.raw is None else capture.raw
            clock = "monotonic" if capture.clock == "none" else capture.clock
            capture = replace(capture, raw=raw + round(jump.length * NS), clock=clock)
        return super()._message(capture, arrival)


class _MessageFaults(_Faults, Source[Any]):
    """A source that gives whole messages, such as that of a recording."""

    _kept: Any = None

    def reopen(self, clock: Clock) -> None:
        """Go on where the recording is by now. Raises DeviceNotFound while it is unplugged and there is more."""
        while (due := self.due()) is not None and due < clock.now():
            super().read(0.0)
        if not self.ended and self.plan.now(self.name, "unplug") is not None:
            raise DeviceNotFound(f"{self.name} is unplugged, as a fault of this test")

    def read(self, timeout: float) -> Any:
        """Return the next message, spoilt or not; None while nothing comes. Raises DeviceLost when it is unplugged."""
        message = super().read(timeout)
        if message is None:
            return None
        self._suffer()
        if self.plan.now(self.name, "stall", "hang") is not None:
            return None
        if self.plan.now(self.name, "duplicate") is not None and self._kept is not None:
            message = replace(self._kept, seq=message.seq)
        self._kept = message
        if self.plan.now(self.name, "garble") is not None:
            field = "image" if isinstance(message, Frame) else "values"
            message = replace(message, encoded=None, **{field: _noise(getattr(message, field), message.seq)})
        jump = self.plan.now(self.name, "jump")
        return message if jump is None else replace(message, stamp=message.stamp + round(jump.length * NS))


class _OutputFaults(_Faults, Output):
    """An output that fails."""

    def _write(self, result: Any, frame: Any) -> None:
        self._suffer()
        if self.plan.full(self.name):
            raise DeviceError(f"{self.name} cannot write: the disk is full, as a fault of this test")
        if (stall := self.plan.now(self.name, "stall", "hang")) is not None:
            self._clock.sleep_until(self.plan.end_of(stall))
        if self.plan.now(self.name, "slow") is not None:
            self._clock.sleep_until(self._clock.now() + int(_WRITE * NS))
        super()._write(result, frame)  # type: ignore[safe-super]


class _DrivingFaults(_OutputFaults):
    """An output that can be made safe, and fails at that, too."""

    def _safe(self) -> None:
        self._suffer()
        super()._safe()


class _MeterFaults(_Faults, Meter):
    """A meter that fails."""

    def _read(self) -> Any:
        self._suffer()
        if self.plan.now(self.name, "stall", "hang") is not None:
            raise DeviceTimeout(f"{self.name} says nothing, as a fault of this test")
        return super()._read()  # type: ignore[safe-super]


def _noise(data: Any, seed: int) -> Any:
    if isinstance(data, np.ndarray):
        return np.random.default_rng(seed).integers(0, 256, data.shape, np.uint8)
    return (float("nan"),) * len(data)


def _cut(data: Any) -> Any:
    return data[: max(1, len(data) // 2)] if isinstance(data, np.ndarray) else tuple(data)[:-1]
