from __future__ import annotations

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
