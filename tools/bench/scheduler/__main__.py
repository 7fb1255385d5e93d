"""The scheduler beside an oracle, on a Raspberry Pi 4's table, in virtual time.

    python tools/bench/scheduler [--quick] [--seeds N] [--frames N] [--only grid,streams,...] [--profile scale,...]
                                 [--sensitivity] [--json FILE]
    python tools/bench/scheduler --join FILE FILE ...      the targets of runs that were made in parts

Durations come from the MLPerf table (EDGEAI_BOARDS); slowdown and temperature are hidden from the scheduler.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import costs
import grid
import heavy
import sensitivity
import situations
import streams
import targets
from truth import REGIMES

PARTS = (
    "grid", "streams", "floor", "window", "steps", "overload", "battery", "heat", "switches", "residency", "costs",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two seeds, a third of the cells")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=6100, help="frames a run: ten minutes at 10 fps")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--profile", default="scale,tails,armnn")
    parser.add_argument("--sensitivity", action="store_true", help="each constant x 0.7 and x 1.3 instead")
    parser.add_argument("--json", type=Path, help="write all rows there; the targets are printed as JSON, too")
    parser.add_argument("--join", type=Path, nargs="+")
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - set(PARTS):
        parser.error(f"--only: found {', '.join(unknown)}, expected some of {', '.join(PARTS)}")
    seeds = range(2 if options.quick else options.seeds)
    frames = 2100 if options.quick else options.frames
    found: dict[str, Any] = {}
    if options.join:
        for file in options.join:
            for part, rows in json.loads(file.read_text()).items():
                found[part] = [*found.get(part, []), *rows] if part == "grid" else rows
    elif options.sensitivity:
        found["sensitivity"] = table("Each constant x 0.7 and x 1.3", sensitivity.run(seeds, frames))
    else:
        for part in options.only.split(","):
            began = time.monotonic()
            found[part] = RUNS[part](options, seeds, frames)
            print(f"  ({part}: {time.monotonic() - began:.0f} s)\n", flush=True)
    if reached := targets.rows(found):
        found["targets"] = table("Targets", reached)
        print(json.dumps(reached))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=float))


def table(title: str, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Print rows under a title, and return them."""
    print(title)
    texts = [[_text(value) for value in row.values()] for row in rows]
    heads = list(rows[0])
    widths = [max(len(head), *(len(line[i]) for line in texts)) for i, head in enumerate(heads)]
    wordy = [isinstance(value, str) for value in rows[0].values()]
    for line in (heads, *texts):
        print(
            "  " + "  ".join(_put(cell, width, words) for cell, width, words in zip(line, widths, wordy, strict=True))
        )
    return rows


def _put(cell: str, width: int, words: bool) -> str:
    return cell.ljust(width) if words else cell.rjust(width)


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def run_grid(options: argparse.Namespace, seeds: range, frames: int) -> object:
    cells = []
    for profile in options.profile.split(","):
        mine = [
            grid.run_cell(profile, regime, deadline, budget, seeds, frames)
            for regime in REGIMES
            for deadline in grid.DEADLINES
            for budget in grid.BUDGETS[:: 2 if options.quick else 1]
        ]
        table(
            f"One stream, profile wrong: {profile}; {len(seeds)} seeds x {frames} frames", [cell.row() for cell in mine]
        )
        table(f"  all cells, {profile}", [grid.summary(mine)])
        cells += mine
    return [asdict(cell) for cell in cells]


def run_streams(options: argparse.Namespace, seeds: range, frames: int) -> object:
    rows = [
        streams.run_row(count, regime, budget, seeds, min(frames, 3100)).row()
        for count in (2, 4)
        for regime in (("calm", "step") if options.quick else REGIMES)
        for budget in (None, 1.0)
    ]
    return table("Two and four streams on one lane (50 and 100 ms)", rows)


def run_overload(options: argparse.Namespace, seeds: range, frames: int) -> object:
    return table(
        "Twice what the quickest variants can do, weights 1 to 4", [streams.overload(seeds, min(frames, 3100))]
    )


def run_floor(options: argparse.Namespace, seeds: range, frames: int) -> object:
    rows = [
        situations.floor(regime, deadline, accuracy, seeds, frames)
        for regime in (("calm", "step") if options.quick else REGIMES)
        for deadline, accuracy in ((25.0, 0.5), (50.0, 0.6), (100.0, 0.65))
    ]
    over = [float(row["energy over oracle %"]) for row in rows]  # type: ignore[arg-type]
    table("accuracy-floor: energy at the accuracy reached", rows)
    print(f"  mean {statistics.fmean(over):.2f} %, worst {max(over):.2f} %")
    return rows


def run_window(options: argparse.Namespace, seeds: range, frames: int) -> object:
    rows = [situations.unmetered(regime, seeds, min(frames, 3100)) for regime in REGIMES]
    return table("A budget of 1 W above idle, without a meter", rows)


def run_steps(options: argparse.Namespace, seeds: range, frames: int) -> object:
    return table("Steps of x 1.8, up and down", [situations.steps(seeds)])


def run_battery(options: argparse.Namespace, seeds: range, frames: int) -> object:
    return table(
        "Battery life asked",
        [situations.battery(hours, seeds) for hours in ((0.25,) if options.quick else (0.25, 1.0))],
    )


def run_heat(options: argparse.Namespace, seeds: range, frames: int) -> object:
    poles = [(f, s) for f in (10.0, 60.0) for s in (300.0, 1800.0)]
    rows = [
        situations.heat(ambient, fast, slow, resistance)
        for ambient in ((25.0, 45.0) if options.quick else (25.0, 35.0, 45.0))
        for fast, slow in poles[:: 3 if options.quick else 1]
        for resistance in ((12.0,) if options.quick else (5.0, 8.0, 12.0))
    ]
    return table("Heat: set point 77 deg C, all the work there is", rows)


def run_switches(options: argparse.Namespace, seeds: range, frames: int) -> object:
    rows = [
        situations.switches(regime, cost, seeds, min(frames, 3100))
        for regime in ("calm", "contention")
        for cost in (0.05, 0.2, 1.0)
    ]
    return table("Switches between resident points: at most 1 % of the busy time", rows)


def run_residency(options: argparse.Namespace, seeds: range, frames: int) -> object:
    rows = [
        heavy.run(regime, policy, deadline, fps, seeds, frames)
        for regime in (("calm", "step") if options.quick else REGIMES)
        for policy in heavy.POLICIES
        for deadline, fps in ((25.0, 10.0), (50.0, 10.0), (50.0, 20.0))
    ]
    return table(f"A ladder of {len(streams.LADDER)} of which {heavy.FIT} are resident", rows)


def run_costs(options: argparse.Namespace, seeds: range, frames: int) -> object:
    return table("Microseconds of processor time here, 4 streams x 8 variants", [costs.costs()])


RUNS = {part: globals()[f"run_{part}"] for part in PARTS}

if __name__ == "__main__":
    main()
