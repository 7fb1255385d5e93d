from __future__ import annotations

import pytest

from edgeai.clock import SystemClock


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
