"""Watts while something runs: a meter polled on a thread of its own, its readings believed only after the guard."""

from __future__ import annotations

import math
import threading
from pathlib import Path

from edgeai.clock import NS, SystemClock
from edgeai.driver import Meter
from edgeai.errors import ConfigError, EdgeAIError, Problem
from edgeai.graph.devices import Role, driver_class, options_of
from edgeai.graph.findings import Mistake
from edgeai.graph.uri import short_form
from edgeai.messages import Measures, MeterReading
from edgeai.power.boards import Board
from edgeai.power.plausible import Guard

__all__ = ["PowerLog", "make_meter"]

FEWEST = 3
"""Readings below which a mean is not told."""

_METER = Role("meters", "a meter", ("power",), Meter)


def make_meter(text: str) -> Meter:
    """Return the meter of a short form (`hwmon_ina`, `serial_meter:/dev/ttyUSB0?baud=9600`). Raises ConfigError."""
    try:
        name, options = short_form(_METER, text, Path())
        cls = driver_class(_METER, name)
        meter = cls(name, options_of(cls, options))
    except Mistake as mistake:
        raise ConfigError(Problem("--meter", mistake.found, mistake.expected, hint=mistake.hint)) from None
    except ValueError as error:
        said = " ".join(str(error).split())[:200]
        raise ConfigError(Problem("--meter", repr(text), f"options that the meter takes ({said})")) from None
    if problems := meter.check():
        raise ConfigError(*problems)
    assert isinstance(meter, Meter)
    return meter


class PowerLog:
    """Polls a meter from `start` to `close` and keeps what the guard lets through, by time."""

    def __init__(self, meter: Meter, board: Board, clock: SystemClock) -> None:
        self.meter = meter
        self.measures: Measures = "none"
        self.modelled = False
        self._clock = clock
        self._guard = Guard(meter.name, board, interval=meter.interval)
        self._kept: list[MeterReading] = []
        self._failed: EdgeAIError | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="edgeai-meter", daemon=True)

    def start(self) -> None:
        """Open the meter and poll it. Raises DeviceError, and ConfigError for a meter that tells no watts."""
        self.meter.open(self._clock)
        first = self.meter.read()
        if first.measures == "none":
            expected = "a meter that measures power"
            raise ConfigError(Problem("--meter", f"{self.meter.name}, which tells no watts", expected))
        self.measures, self.modelled = first.measures, first.basis == "modelled"
        self._thread.start()

    def close(self) -> None:
        """End the polling and close the meter."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(5 * self.meter.interval)
        self.meter.close()

    def mean(self, spans: list[tuple[int, int]]) -> float | None:
        """Return the mean watts within spans of time (ns); None where there are fewer than three readings.

        A reading may be the mean since the one before: those of the first interval of each span are left out.
        """
        skip = round(self.meter.interval * NS)
        watts = [
            reading.watts
            for reading in list(self._kept)
            if reading.watts is not None and any(begin + skip < reading.stamp <= end for begin, end in spans)
        ]
        return math.fsum(watts) / len(watts) if len(watts) >= FEWEST else None

    def warnings(self) -> tuple[str, ...]:
        """Return in sentences what is wrong with the meter."""
        rejected = sum(self._guard.rejected.values())
        found = []
        if rejected:
            causes = ", ".join(sorted({cause for _, cause in self._guard.rejected}))
            found.append(f"{rejected} readings of {self.meter.name} were not believed ({causes}) and are left out")
        if self._failed is not None:
            found.append(f"{self.meter.name} failed meanwhile: {self._failed}")
        return tuple(found)

    def _poll(self) -> None:
        due = self._clock.now()
        while not self._closing.is_set():
            try:
                reading = self._guard.check(self.meter.read(), self._clock.now()).reading
                if not self._kept or reading.stamp > self._kept[-1].stamp:
                    self._kept.append(reading)
            except EdgeAIError as error:
                self._failed = error
            due = max(due + round(self.meter.interval * NS), self._clock.now())
            self._closing.wait((due - self._clock.now()) / NS)
