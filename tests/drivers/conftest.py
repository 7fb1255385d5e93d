from __future__ import annotations

import os
import tty

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin


@pytest.fixture
def board(monkeypatch):
    """A board of simulated pins."""
    factory = MockFactory(pin_class=MockPWMPin)
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


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
