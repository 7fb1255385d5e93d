"""Faults of every kind on a camera, a sensor, an output, a model, the recorder, the machine: found in time, and over?

    python tools/bench/faults.py [--live] [--only front:unplug ...]

In virtual time, where a hang of an output is none; with --live on the system's clock, where the cells take 5 s each.
Targets: detected within max(2 periods, 500 ms) of its beginning; p99 latency of the other stream within 20 % of a run
without faults; running again within 2 s of its end; nothing missing in the recording outside of fault and recovery;
the wheels stopped within 200 ms of the detection. A frozen or a noisy picture makes no driver fail: it is not detected.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgeai import Graph, Pipeline
from edgeai.driver import Camera, CameraOptions, Capture, DriverOptions, Output, Sensor, SensorOptions
from edgeai.messages import Column
from edgeai.recording.reader import Recording
from edgeai.testing.faults import Faults

NS = 1_000_000_000
FPS = 30
START, LENGTH, AFTER = 1.0, 1.0, 3.0
ALLOWED = max(2 / FPS, 0.5)
WAITS = 0.05
"""Seconds that what is recorded may wait: what waits when the disk is full is lost with the rest."""
RECOVERY, SAFE, SHIFT = 2.0, 0.2, 0.2
NAMES = {"camera": "front", "sensor": "imu", "output": "log", "model": "drive", "recorder": "recorder", "machine": ""}
OF_SOURCES = ("unplug", "stall", "hang", "crash", "slow", "garble", "shape", "duplicate", "skip", "jump")
KINDS = {
    "camera": OF_SOURCES,
    "sensor": OF_SOURCES,
    "output": ("unplug", "stall", "hang", "crash", "slow", "full"),
    "model": ("stall", "hang", "crash", "slow"),
    "recorder": ("full",),
    "machine": ("brown-out", "memory"),
}
"""What each can suffer from."""
SILENT = ("slow", "garble", "duplicate", "skip", "jump", "brown-out")
"""What makes no driver fail, and delivers something at least every half second."""


class Front(Camera):
    """A picture that costs nothing, 30 times a second."""

    period = round(NS / FPS)

    def _open(self) -> None:
        self._picture = np.zeros((16, 16, 3), np.uint8)

    def _read(self, timeout: float) -> Capture:
        return Capture(self._picture.copy())

    def _close(self) -> None:
        pass


class Imu(Sensor):
    """Numbers, 50 times a second."""

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
    """What was found of a fault, seconds; None where there is nothing to find."""

    detected: float | None = None
    recovered: float | None = None
    safe: float | None = None
    p99: float = 0.0
    missing: int = 0
    faults: list = field(default_factory=list)


def graph(folder: Path, wheels: Wheels) -> Graph:
    return Graph(
        cameras={"front": Front("front", CameraOptions()), "side": Front("side", CameraOptions())},
        sensors={"imu": Imu("imu", SensorOptions())},
        meters={},
        stages={
            "drive": {"input": "front", "call": lambda frame: {"steering": 0.0}, "stale": "300ms"},
            "look": {"input": "side", "call": lambda frame: 1},
            "level": {"input": "imu", "call": lambda reading: 1},
        },
        outputs={"wheels": {"driver": wheels, "stages": ["drive"]}, "log": f"jsonl:{folder / 'log.jsonl'}"},
        schedule={"lanes": 3},
    )


def run(engine: str, *faults: str) -> Cell:
    """Run for five seconds with some faults."""
    cell, wheels, plan = Cell(), Wheels(), Faults.parse(*faults)
    delivered: dict[str, list[tuple[int, int, float]]] = {name: [] for name in ("drive", "look", "level")}
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        pipeline = Pipeline(
            graph(folder, wheels),
            engine=engine,
            durations=lambda stage, variant: 0.005,
            on_fault=cell.faults.append,
            disturb=plan,
        ).record(folder / "run.mcap")
        changes: list = []
        pipeline.on_driver(changes.append)
        for name, rows in delivered.items():
            pipeline.on_result(
                name, lambda result, rows=rows: rows.append((result.seq, result.published, result.latency))
            )
        with pipeline:
            if engine == "lockstep":
                pipeline.advance(START + LENGTH + AFTER)
            else:
                pipeline.wait(START + LENGTH + AFTER)
        judge(cell, faults[0] if faults else "", delivered, changes, wheels, plan.began)
        cell.missing = missing(pipeline.recorder.paths, delivered, plan.began)
    return cell


def judge(cell: Cell, text: str, delivered: dict, changes: list, wheels: Wheels, began: int) -> None:
    """Find out when a fault was detected, the wheels stopped, and all was well again."""
    look = [latency for _, _, latency in delivered["look"]]
    cell.p99 = float(np.percentile(look, 99)) if look else float("inf")
    start, end = began + START * NS, began + (START + LENGTH) * NS
    name = text.partition(":")[0] if ":" in text else ""
    told = [fault.t for fault in cell.faults if fault.t >= start]
    if told:
        cell.detected = (min(told) - start) / NS
        if name in ("front", "drive"):
            cell.safe = min(
                ((stop - min(told)) / NS for stop in wheels.stops if stop >= min(told)), default=float("inf")
            )
    stream = {"front": "drive", "drive": "drive", "imu": "level"}.get(name)
    if stream is not None:
        after = [published for _, published, _ in delivered[stream] if published >= end]
        cell.recovered = (min(after) - end) / NS if after else float("inf")
    elif name:
        back = [s.since for s in changes if s.name == name and s.state == "running" and s.since >= start]
        cell.recovered = max(0.0, (max(back) - end) / NS) if back else (None if not told else float("inf"))


def missing(paths: tuple[Path, ...], delivered: dict, began: int) -> int:
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


def wrong(cell: Cell, kind: str, target: str, plain: Cell, engine: str) -> list[str]:
    """Return the targets that a cell misses."""
    found = []
    silent = kind in SILENT
    unseen = engine == "lockstep" and target == "output" and kind in ("stall", "hang")
    if not silent and not unseen and (cell.detected is None or cell.detected > ALLOWED):
        found.append("detected")
    if cell.recovered is not None and cell.recovered > RECOVERY:
        found.append("recovered")
    if cell.safe is not None and cell.safe > SAFE:
        found.append("safe")
    shared = kind in ("brown-out", "memory")
    if not shared and cell.p99 > (1 + SHIFT) * plain.p99:
        found.append("p99")
    return found + (["recording"] if cell.missing else [])


def row(target: str, kind: str, cell: Cell, plain: Cell, bad: list[str]) -> str:
    def show(seconds: float | None) -> str:
        return "-" if seconds is None else f"{seconds * 1e3:.0f} ms"

    shift = f"{100 * (cell.p99 / plain.p99 - 1):+.0f} %"
    return (
        f"{target:14} {kind:10} {show(cell.detected):>9} {show(cell.safe):>9} {show(cell.recovered):>10} {shift:>7}"
        f" {cell.missing:>8}  {'missed: ' + ', '.join(bad) if bad else 'ok'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--only", nargs="*", help="cells such as camera:unplug")
    options = parser.parse_args()
    engine = "live" if options.live else "lockstep"
    plain = run(engine)
    print(f"{'of':14} {'fault':10} {'detected':>9} {'safe':>9} {'recovered':>10} {'p99':>7} {'missing':>8}")
    allowed = [f"{seconds * 1e3:.0f} ms" for seconds in (ALLOWED, SAFE, RECOVERY)]
    print(f"{'target':25} {allowed[0]:>9} {allowed[1]:>9} {allowed[2]:>10} {'20 %':>7} {0:>8}")
    cells = missed = 0
    for target, kinds in KINDS.items():
        for kind in kinds:
            if options.only and f"{target}:{kind}" not in options.only:
                continue
            named = f"{NAMES[target]}:" if NAMES[target] else ""
            by = ",20" if kind == "memory" else ",4" if kind in ("slow", "brown-out") else ""
            length = "5" if kind == "jump" else str(LENGTH)
            cell = run(engine, f"{named}{kind}@{START},{length}{by}")
            bad = wrong(cell, kind, target, plain, engine)
            cells, missed = cells + 1, missed + bool(bad)
            print(row(target, kind, cell, plain, bad), flush=True)
    print(f"{engine}: {cells} cells, {missed} miss a target")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
