"""Heat and clock: the governor, throttling, temperature, and which meter tells the watts."""

from __future__ import annotations

from collections.abc import Iterator

from edgeai import plugins
from edgeai.clock import Clock
from edgeai.driver import Meter
from edgeai.errors import EdgeAIError
from edgeai.messages import MeterReading
from edgeai.power.boards import Board
from edgeai.workbench.doctor.finding import Finding, Verdict

__all__ = ["heat"]

_AT_THE_INPUT = ("hwmon_ina", "jetson", "ina3221")
_TOPIC = "heat and power"


def heat(board: Board, clock: Clock, root: str = "/") -> Iterator[Finding]:
    """Read each meter once."""
    yield _governor(_reading("cpu_frequency", clock, root))
    yield _temperature(_reading("thermal", clock, root), board)
    yield _throttling(_reading("pi_throttling", clock, root))
    yield _power(root)


def _reading(name: str, clock: Clock, root: str) -> MeterReading | str:
    """Return what a meter tells, or why it tells nothing."""
    try:
        cls = plugins.find("power", name)
        missing = [device.missing for device in cls.detect(root) if device.missing]
        if missing:
            return str(missing[0])
        meter: Meter = cls(name, cls.Options(root=root))
        meter.open(clock)
        with meter:
            return meter.read()
    except EdgeAIError as error:
        return str(error)


def _governor(reading: MeterReading | str) -> Finding:
    if isinstance(reading, str):
        return Finding(_TOPIC, "governor", "absent", reading)
    told = {value.name: value.value for value in reading.values}
    governors = sorted({str(value) for name, value in told.items() if name.endswith(".governor")})
    fastest = max((float(value) for name, value in told.items() if name.endswith(".max")), default=0.0)
    says = f"{', '.join(governors)}, up to {fastest / 1e9:.1f} GHz"
    if "powersave" in governors:
        return Finding(_TOPIC, "governor", "mind", says, "it keeps the clock low: choose schedutil or performance")
    return Finding(_TOPIC, "governor", "good", says)


def _temperature(reading: MeterReading | str, board: Board) -> Finding:
    if isinstance(reading, str):
        return Finding(_TOPIC, "temperature", "absent", reading)
    if reading.celsius is None:
        return Finding(_TOPIC, "temperature", "absent", "no zone tells the processor's temperature")
    says = f"{reading.celsius:.0f} °C; throttles from {board.throttle_soft.value:.0f} °C"
    if reading.celsius >= board.throttle_soft.value - 10:
        return Finding(_TOPIC, "temperature", "mind", says, "give it a heat sink, a fan or shade")
    return Finding(_TOPIC, "temperature", "good", says)


def _throttling(reading: MeterReading | str) -> Finding:
    if isinstance(reading, str):
        return Finding(_TOPIC, "throttling", "absent", reading)
    on = [value.name.replace("_", " ") for value in reading.values if value.value is True]
    if not on:
        return Finding(_TOPIC, "throttling", "good", "none now, and none since the start")
    cure = "a supply and cable of the board's own kind" if any("under" in name for name in on) else "better cooling"
    verdict: Verdict = "mind" if all(name.endswith("since start") for name in on) else "bad"
    return Finding(_TOPIC, "throttling", verdict, ", ".join(on), f"use {cure}")


def _power(root: str) -> Finding:
    for name in _AT_THE_INPUT:
        try:
            usable = [device for device in plugins.find("power", name).detect(root) if not device.missing]
        except EdgeAIError:
            continue
        if usable:
            return Finding(_TOPIC, "watts", "good", f"measured by {name}: {usable[0].description}")
    return Finding(_TOPIC, "watts", "mind", "modelled by the board's table", "an INA219 at the input measures them")
