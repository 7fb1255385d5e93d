"""Faults of every kind on a camera, a sensor, an output, a model, the recorder, the machine: found in time, and over?

    python tools/bench/faults.py [--live] [--repeats N] [--only camera:unplug ...]

In virtual time; with --live on the system's clock, where the sensor is a serial one and suffers at its port, and each
of the 33 cells takes N times 11 s. Targets: detected within max(2 periods, 500 ms) of its beginning; p99 latency of the
other stream, from the fault to the end of recovery, within 20 % of runs without a fault; running again within 2 s of
its end; nothing missing in the recording outside of fault and recovery; the wheels stopped within 200 ms of the
detection. A frozen picture, a noisy one and numbers that are wrong make no driver fail: they are not detected.

The p99 is the median of N runs, each beside one without a fault; the last line says by how much runs without a fault
differ from each other, compared alike. Other programs count: as root, `chrt -f 5 python tools/bench/faults.py --live`.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from functools import cache
from statistics import median

from fault_cell import FPS, RECOVERY, Cell, Engine, run

ALLOWED = max(2 / FPS, 0.5)
SAFE, SHIFT = 0.2, 0.2
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


def worst(cells: list[Cell]) -> Cell:
    """Return the worst of several runs, and the median of their p99."""

    def latest(found: list[float | None]) -> float | None:
        return None if None in found else max(seconds for seconds in found if seconds is not None)

    columns = {name: latest([getattr(c, name) for c in cells]) for name in ("detected", "recovered", "safe")}
    return Cell(**columns, p99=median(c.p99 for c in cells), missing=sum(c.missing for c in cells))


def wrong(cell: Cell, kind: str, target: str, plain: float, engine: Engine) -> list[str]:
    """Return the targets that a cell misses."""
    found = []
    at_the_port = engine == "live" and target == "sensor" and kind == "garble"
    if (kind not in SILENT or at_the_port) and (cell.detected is None or cell.detected > ALLOWED):
        found.append("detected")
    if cell.recovered is not None and cell.recovered > RECOVERY:
        found.append("recovered")
    if cell.safe is not None and cell.safe > SAFE:
        found.append("safe")
    if target != "machine" and cell.p99 > (1 + SHIFT) * plain:
        found.append("p99")
    return found + (["recording"] if cell.missing else [])


def row(target: str, kind: str, cell: Cell, plain: float, bad: list[str]) -> str:
    def show(seconds: float | None) -> str:
        return "-" if seconds is None else f"{seconds * 1e3:.0f} ms"

    shift = f"{100 * (cell.p99 / plain - 1):+.0f} %"
    return (
        f"{target:14} {kind:10} {show(cell.detected):>9} {show(cell.safe):>9} {show(cell.recovered):>10} {shift:>7}"
        f" {cell.missing:>8}  {'missed: ' + ', '.join(bad) if bad else 'ok'}"
    )


def noise(plains: list[float]) -> str:
    """Say how the p99 without a fault differs from itself, from one cell to the next."""
    shifts = [100 * (after / before - 1) for before, after in itertools.pairwise(plains)]
    beyond = sum(shift > 100 * SHIFT for shift in shifts)
    return (
        f"without a fault the p99 is {1e3 * median(plains):.2f} ms, and {min(shifts):+.0f} to {max(shifts):+.0f} %"
        f" from one cell to the next: {beyond} of {len(shifts)} times beyond {100 * SHIFT:+.0f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--repeats", type=int, help="3 live, 1 in virtual time, where all runs are alike")
    parser.add_argument("--only", nargs="*", help="cells such as camera:unplug")
    options = parser.parse_args()
    engine: Engine = "live" if options.live else "lockstep"
    repeats = options.repeats or (3 if options.live else 1)
    print(f"{'of':14} {'fault':10} {'detected':>9} {'safe':>9} {'recovered':>10} {'p99':>7} {'missing':>8}")
    allowed = [f"{seconds * 1e3:.0f} ms" for seconds in (ALLOWED, SAFE, RECOVERY)]
    print(f"{'target':25} {allowed[0]:>9} {allowed[1]:>9} {allowed[2]:>10} {'20 %':>7} {0:>8}")
    plain = run if options.live else cache(run)
    plains, missed = [], 0
    for target, kind in [(target, kind) for target, kinds in KINDS.items() for kind in kinds]:
        if options.only and f"{target}:{kind}" not in options.only:
            continue
        runs = [(plain(engine).p99, run(engine, target, kind)) for _ in range(repeats)]
        plains.append(median(p99 for p99, _ in runs))
        cell = worst([cell for _, cell in runs])
        bad = wrong(cell, kind, target, plains[-1], engine)
        missed += bool(bad)
        print(row(target, kind, cell, plains[-1], bad), flush=True)
    if len(plains) > 1:
        print(noise(plains))
    print(f"{engine}: {len(plains)} cells, {missed} miss a target")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
