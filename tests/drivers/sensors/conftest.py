from __future__ import annotations

import os
import tty

import pytest

from edgeai.clock import SystemClock


class Line:
    """A serial line without hardware: `path` is the port, `send` what the device does. `unplug` closes its end."""

    def __init__(self):
        self.master, self._slave = os.openpty()
        tty.setraw(self.master)
        self.path = os.ttyname(self._slave)
        self._plugged = True

    def send(self, data: bytes) -> None:
        assert os.write(self.master, data) == len(data)

    def unplug(self) -> None:
        if self._plugged:
            self._plugged = False
            os.close(self.master)

    def close(self) -> None:
        self.unplug()
        os.close(self._slave)


@pytest.fixture
def line():
    made = Line()
    yield made
    made.close()


@pytest.fixture
def opened(line):
    """Open a sensor of a kind on the line; it is closed at the end."""
    sensors = []

    def open_sensor(kind, clock=None, **options):
        sensor = kind("sensor", kind.Options(**{"port": line.path} | options))
        assert sensor.check() == []
        sensor.open(clock or SystemClock())
        sensors.append(sensor)
        return sensor

    yield open_sensor
    for sensor in sensors:
        sensor.close()
