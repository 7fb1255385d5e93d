"""What is aimed at, beside what was measured in this run: one row a target."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from math import isnan
from typing import Any

from grid import MISS_RATE, Cell

__all__ = ["rows"]

Row = dict[str, object]
Part = Any

STREAMS_RATIO = 1.35
STEADY = 95.0
"""% of what holds the set point."""


def rows(found: dict[str, Part]) -> list[Row]:
    """Return a row for each target of the parts that were run."""
    return [row for part, read in READERS.items() if part in found for row in read(found[part])]


def _row(what: str, target: str, figure: str, reached: bool | None) -> Row:
    return {
        "what": what,
        "target": target,
        "here": figure,
        "reached": "reported" if reached is None else "yes" if reached else "NO",
    }


def _grid(part: Part) -> Iterator[Row]:
    every = [Cell(**each) for each in part]
    for profile in dict.fromkeys(cell.profile for cell in every):
        cells = [cell for cell in every if cell.profile == profile]
        over = [cell for cell in cells if cell.misses > cell.limit]
        mean, worst = statistics.fmean(c.share for c in cells), min(c.share for c in cells)
        missed, most = 100 * statistics.fmean(c.misses for c in cells), 100 * max(c.misses for c in cells)
        asked = f"<= {100 * cells[0].limit:.2f} % in each cell"
        figure = f"{missed:.2f} % mean, {most:.2f} % most; {len(over)} of {len(cells)} cells over"
        yield _row(f"misses, {profile}", asked, figure, not over)
        least = (98, 94) if profile == "scale" else (96, 92)
        figure = f"{mean:.1f} / {worst:.1f} at {missed:.2f} % missed"
        reached = mean >= least[0] and worst >= least[1]
        yield _row(f"accuracy, % of O2, mean / worst, {profile}", f">= {least[0]} / {least[1]}", figure, reached)
        for name in ("lagged", "static", "alert"):
            shares = [100 * getattr(c, name) / c.o2 for c in cells]
            misses = [100 * getattr(c, f"{name}_misses", MISS_RATE) for c in cells]
            if not isnan(shares[0]):
                figure = (
                    f"{statistics.fmean(shares):.1f} / {min(shares):.1f} at {statistics.fmean(misses):.2f} % missed"
                )
                yield _row(f"  {name} there", "reference", figure, None)
        first = 100 * statistics.fmean(c.first for c in cells)
        yield _row(f"  first 100 frames, misses, {profile}", "apart", f"{first:.2f} % mean", None)
    minute = max(100 * cell.worst_minute for cell in every)
    yield _row("power, worst minute, with the meter", "<= 101 %", f"{minute:.1f} % of the budget", minute <= 101.0)


def _window(part: Part) -> Iterator[Row]:
    worst = max(float(row["worst minute %"]) for row in part)
    yield _row("power, worst minute, modelled", "reported", f"{worst:.1f} % of the budget", None)


def _streams(part: Part) -> Iterator[Row]:
    worst = max(part, key=lambda row: row["ratio"])
    over = [row for row in part if row["ratio"] > STREAMS_RATIO]
    figure = f"{worst['ratio']:.2f} x most; {len(over)} of {len(part)} cells over"
    yield _row("two and four streams, misses over the oracle's", f"<= {STREAMS_RATIO} x", figure, not over)
    most = max(float(row["miss %"]) for row in part)
    gain = 100 * (statistics.fmean(row["accuracy"] / row["oracle accuracy"] for row in part) - 1)
    yield _row("  their misses, and accuracy over the oracle's", "beside", f"{most:.2f} % most; {gain:+.1f} %", None)


def _overload(part: Part) -> Iterator[Row]:
    (row,) = part
    limit = float(row["limit %"])
    missed, error = float(row["miss %"]), float(row["worst error of a share %"])
    yield _row("2 x overload, misses of the admitted", f"<= {limit:.2f} %", f"{missed:.2f} %", missed <= limit)
    yield _row("  shares by weight", "within 5 %", f"{error:.1f} % off at most", error <= 5.0)


def _floor(part: Part) -> Iterator[Row]:
    over = [float(row["energy over oracle %"]) for row in part]
    missed = max(float(row["misses %"]) for row in part)
    figure = f"{statistics.fmean(over):.1f} / {max(over):.1f} % over at {missed:.2f} % missed at most"
    reached = statistics.fmean(over) <= 3.0 and max(over) <= 6.0
    yield _row("accuracy-floor, energy over the oracle's, mean / worst", "<= 3 / 6 %", figure, reached)


def _steps(part: Part) -> Iterator[Row]:
    (row,) = part
    median, p90, extra = (float(row[key]) for key in ("frames median", "frames p90", "extra misses a step up"))
    figure = f"{median:.0f} / {p90:.0f}"
    yield _row("x 1.8 step, frames to within 10 %, median / p90", "<= 5 / 17", figure, median <= 5 and p90 <= 17)
    yield _row("  extra misses a step", "<= 1", f"{extra:.2f}", extra <= 1.0)


def _battery(part: Part) -> Iterator[Row]:
    least, most = min(row["life error % least"] for row in part), max(row["most"] for row in part)
    yield _row("battery life asked", "-1 to +2 %", f"{least:+.2f} to {most:+.2f} %", least >= -1.0 and most <= 2.0)


def _heat(part: Part) -> Iterator[Row]:
    able = [row for row in part if row["counts"]]
    hot = max(int(row["s throttled"]) for row in able)
    share = min(float(row["share %"]) for row in able)
    yield _row("heat, seconds throttled", "0", f"{hot} at most in {len(able)} cells", hot == 0)
    yield _row("  steady throughput at the set point", f">= {STEADY:.0f} %", f"{share:.1f} % least", share >= STEADY)
    beyond = [row for row in part if not row["counts"]]
    yield _row("  cells where idling alone exceeds it", "listed", str(len(beyond)), None)


def _residency(part: Part) -> Iterator[Row]:
    most = max(float(row["unforced a min"]) for row in part)
    burst = max(int(row["most in a min"]) for row in part)
    cost = max(float(row["their cost, % of busy"]) for row in part)
    figure = f"{most:.2f} mean, {burst} in the worst minute"
    yield _row("heavy switches, unforced a minute", "<= 1", figure, most <= 1.0 and burst <= 1)
    yield _row("  mixing switches, of the busy time", "<= 1 %", f"{cost:.2f} % most", cost <= 1.0)


def _costs(part: Part) -> Iterator[Row]:
    (row,) = part
    hot, one = float(row["p99"]), float(row["one p99"])
    figure = f"{hot:.1f} us; {row['p99 as it came']:.1f} as it came"
    yield _row("cost, dispatch + observe p99", "<= 10 us", figure, hot <= 10.0)
    figure = f"{one:.1f} us; {row['one p99 as it came']:.1f} as it came"
    yield _row("  one stream replanned p99", "<= 60 us", figure, one <= 60.0)
    yield _row("  all replanned p99", "reported", f"{row['all p99']:.0f} us", None)


READERS: dict[str, Callable[[Part], Iterator[Row]]] = {
    "grid": _grid,
    "streams": _streams,
    "floor": _floor,
    "window": _window,
    "steps": _steps,
    "overload": _overload,
    "battery": _battery,
    "heat": _heat,
    "residency": _residency,
    "costs": _costs,
}
