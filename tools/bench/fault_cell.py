"""One run of a pipeline with a fault in it, and what was found of that: a cell of the table that `faults.py` prints."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import serial_imu

from edgeai import Graph, Pipeline
from edgeai.driver import Camera, CameraOptions, Capture, DriverOptions, Output, Sensor, SensorOptions
from edgeai.messages import Column
from edgeai.recording.reader import Recording
from edgeai.testing.faults import Faults

NS = 1_000_000_000
FPS, FPS_OF_THE_OTHER = 30, 200
"""The other stream is quick, so that its 99th percentile rests on some hundred frames."""
START, LENGTH, AFTER = 1.0, 1.0, 3.0
RECOVERY = 2.0
WAITS = 0.05
"""Seconds that what is recorded may wait: what waits when the disk is full is lost with the rest."""
NAMES = {"camera": "front", "sensor": "imu", "output": "log", "model": "drive", "recorder": "recorder", "machine": ""}

Engine = Literal["live", "lockstep"]


class Front(Camera):
    """A picture that costs nothing, 30 times a second."""

    period = round(NS / FPS)

    def _open(self) -> None:
        self._picture = np.zeros((16, 16, 3), np.uint8)

    def _read(self, timeout: float) -> Capture:
        return Capture(self._picture.copy())

    def _close(self) -> None:
        pass


class Side(Front):
    """The camera of the other stream."""

    period = round(NS / FPS_OF_THE_OTHER)


class Imu(Sensor):
    """Numbers, 50 times a second: in virtual time, in which no port can be read."""

    period = NS // 50
    columns = (Column("ax"), Column("ay"))

    def _open(self) -> None:
        pass

    def _read(self, timeout: float) -> Capture:
        return Capture((0.0, 1.0))

    def _close(self) -> None:
        pass


class Wheels(Output):
    """Motors that note when they are stopped."""

    keeps = "newest"

    def __init__(self) -> None:
        super().__init__("wheels", DriverOptions())
        self.stops: list[int] = []

    def _open(self) -> None:
        pass

    def _write(self, result: object, frame: object) -> None:
        pass

    def _safe(self) -> None:
        self.stops.append(self._clock.now())

    def _close(self) -> None:
        pass


@dataclass
class Cell:
    """What was found of a fault, seconds; None where there is nothing to find. p99: of the other stream meanwhile."""

    detected: float | None = None
    recovered: float | None = None
    safe: float | None = None
    p99: float = 0.0
    missing: int = 0
    faults: list[Any] = field(default_factory=list)


def graph(folder: Path, wheels: Wheels, imu: Any) -> Graph:
    return Graph(
        cameras={"front": Front("front", CameraOptions()), "side": Side("side", CameraOptions())},
        sensors={"imu": imu},
        meters={},
        stages={
            "drive": {"input": "front", "call": lambda frame: {"steering": 0.0}, "stale": "300ms"},
            "look": {"input": "side", "call": lambda frame: 1},
            "level": {"input": "imu", "call": lambda reading: 1},
        },
        outputs={"wheels": {"driver": wheels, "stages": ["drive"]}, "log": f"jsonl:{folder / 'log.jsonl'}"},
        schedule={"lanes": 3},
    )


def run(engine: Engine, target: str = "", kind: str = "") -> Cell:
    """Run for five seconds, with a fault from the first to the second; without one where `target` is empty."""
    cell, wheels = Cell(), Wheels()
    at_the_port = engine == "live" and target == "sensor" and kind in serial_imu.SUFFERED
    plan = Faults.parse(*([text(target, kind)] if target and not at_the_port else []))
    delivered: dict[str, list[tuple[int, int, float]]] = {name: [] for name in ("drive", "look", "level")}
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        imu: Any = Imu("imu", SensorOptions())
        if engine == "live":
            device = held.enter_context(serial_imu.plugged(folder / "by-id"))
            imu = {**serial_imu.OPTIONS, "port": str(folder / "by-id")}
        pipeline = Pipeline(
            graph(folder, wheels, imu),
            engine=engine,
            durations={"drive": 0.010, "look": 0.002, "level": 0.002},
            on_fault=cell.faults.append,
            disturb=plan,
        ).record(folder / "run.mcap")
        changes: list[Any] = []
        pipeline.on_driver(changes.append)
        for name, rows in delivered.items():
            pipeline.on_result(
                name, lambda result, rows=rows: rows.append((result.seq, result.published, result.latency))
            )
        with pipeline:
            if at_the_port:
                device.suffer(kind, *(plan.began + round(at * NS) for at in (START, START + LENGTH)))
            if engine == "lockstep":
                pipeline.advance(START + LENGTH + AFTER)
            else:
                pipeline.wait(START + LENGTH + AFTER)
        judge(cell, NAMES.get(target, ""), delivered, changes, wheels, plan.began)
        assert pipeline.recorder is not None
        cell.missing = missing(pipeline.recorder.paths, delivered, plan.began)
    return cell


def text(target: str, kind: str) -> str:
    """Return a fault as `edgeai.testing.faults` takes it."""
    named = f"{NAMES[target]}:" if NAMES[target] else ""
    by = ",20" if kind == "memory" else ",4" if kind in ("slow", "brown-out") else ""
    return f"{named}{kind}@{START},{'5' if kind == 'jump' else LENGTH}{by}"


def judge(cell: Cell, name: str, delivered: dict[str, Any], changes: list[Any], wheels: Wheels, began: int) -> None:
    """Find out when a fault was detected, the wheels stopped, and all was well again."""
    start, end = began + START * NS, began + (START + LENGTH) * NS
    meanwhile = [late for _, published, late in delivered["look"] if start <= published <= end + RECOVERY * NS]
    cell.p99 = float(np.percentile(meanwhile, 99)) if meanwhile else float("inf")
    told = [fault.t for fault in cell.faults if fault.t >= start]
    stream = {"front": "drive", "drive": "drive", "imu": "level"}.get(name)
    if told:
        heard = [published for _, published, _ in delivered.get(stream, ()) if published <= min(told)]
        cell.detected = (min(told) - max([start, *heard[-1:]])) / NS
        if name in ("front", "drive"):
            cell.safe = min(
                ((stop - min(told)) / NS for stop in wheels.stops if stop >= min(told)), default=float("inf")
            )
    if stream is not None:
        after = [published for _, published, _ in delivered[stream] if published >= end]
        cell.recovered = (min(after) - end) / NS if after else float("inf")
    elif name:
        back = [s.since for s in changes if s.name == name and s.state == "running" and s.since >= start]
        cell.recovered = max(0.0, (max(back) - end) / NS) if back else (None if not told else float("inf"))


def missing(paths: tuple[Path, ...], delivered: dict[str, Any], began: int) -> int:
    """Count the results outside of fault and recovery that are in no file."""
    kept: dict[str, set[int]] = {name: set() for name in delivered}
    for path in paths:
        for record in Recording.open(path).records([f"/results/{name}" for name in kept], salvage=True):
            kept[record.value.stream].add(record.value.seq)
    first, last = began + (START - WAITS) * NS, began + (START + LENGTH + RECOVERY) * NS
    return sum(
        seq not in kept[name]
        for name, rows in delivered.items()
        for seq, published, _ in rows
        if not first <= published <= last
    )
