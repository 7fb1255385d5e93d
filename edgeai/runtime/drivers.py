"""The drivers of a live pipeline: opened together, all or none."""

from __future__ import annotations

import logging

from edgeai.clock import Clock
from edgeai.driver import Driver, Meter
from edgeai.errors import EdgeAIError
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.roster import Roster
from edgeai.runtime.supervision import as_failure

__all__ = ["Drivers"]

_log = logging.getLogger("edgeai")


class Drivers:
    """Opens what an assembly holds: cameras last, so that their first frames find the others running."""

    def __init__(self, assembly: Assembly, clock: Clock, roster: Roster) -> None:
        self._assembly = assembly
        self._clock = clock
        self._roster = roster

    def open(self) -> None:
        """Open every named driver. Raises DeviceError, PluginError or ConfigError, with nothing left open."""
        opened: list[Driver] = []
        drivers: list[Driver] = [*self._assembly.sensors, *self._assembly.meters]
        drivers += [*(route.output for route in self._assembly.outputs), *self._assembly.cameras]
        try:
            for driver in drivers:
                self._open(driver)
                opened.append(driver)
            self._assembly.check_rates()
        except BaseException:
            for driver in reversed(opened):
                self._close(driver)
            raise

    def open_found(self) -> list[Meter]:
        """Open the meters that nobody named, and return those that can be."""
        opened = []
        for meter in self._assembly.found:
            try:
                self._open(meter)
            except EdgeAIError as error:
                _log.debug("meter %s is left out: %s", meter.name, error)
            else:
                self._roster.add(meter, "meter")
                opened.append(meter)
        return opened

    def _open(self, driver: Driver) -> None:
        try:
            driver.open(self._clock)
        except EdgeAIError:
            raise
        except Exception as error:
            raise as_failure(driver, error) from error

    def _close(self, driver: Driver) -> None:
        try:
            driver.close()
        except Exception as error:  # noqa: BLE001 - there is nothing left to do with it
            _log.warning("%s did not close: %s", driver.name, error)
        self._roster.note(driver.name, "closed")
