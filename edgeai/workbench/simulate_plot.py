"""A simulation as a picture: panels over one time axis."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.clock import NS
from edgeai.graph.asked import told
from edgeai.schedule.workload import OperatingPoint
from edgeai.workbench.drawing import GREY, INK, PALETTE, WARNING, beside, new_figure, quiet, save, shades
from edgeai.workbench.record import StageLog
from edgeai.workbench.simulate import Simulation
from edgeai.workbench.summary import MINUTE, rolling, summary

__all__ = ["plot"]

_COLUMNS = 360
"""Intervals over the width: finer than the eye tells apart on a page."""

Floats = npt.NDArray[np.float64]


def plot(simulation: Simulation, path: Path) -> None:
    """Draw rate, variants, power, temperature and age over time. Raises ConfigError, PluginError."""
    save(_Picture(simulation).figure, path)


class _Picture:
    def __init__(self, simulation: Simulation) -> None:
        self.s = simulation
        self.figures = summary(simulation)
        self.names = [stage.name for stage in simulation.scenario.stages]
        self.colours = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(self.names)}
        columns = max(2, min(_COLUMNS, int(simulation.seconds)))
        self.edges = np.linspace(0.0, simulation.seconds, columns + 1)
        self.unit, self.scale = _unit(simulation.seconds)
        self.middles = (self.edges[1:] + self.edges[:-1]) / 2.0 / self.scale
        panels = self._panels()
        heights = [height for height, _ in panels]
        size = 1.35 + 1.12 * sum(heights)
        self.figure = new_figure(10.5, size)
        grid = self.figure.subplots(
            len(panels), 1, sharex=True, gridspec_kw={"height_ratios": heights, "hspace": 0.42}, squeeze=False
        )
        self.figure.subplots_adjust(left=0.065, right=0.79, top=1.0 - 0.92 / size, bottom=0.5 / size)
        for axes, (_, draw) in zip(grid[:, 0], panels, strict=True):
            draw(axes)
            axes.margins(x=0.0)
        grid[-1, 0].set_xlabel(f"time, {self.unit}", fontsize=9, color=INK)
        grid[-1, 0].set_xlim(0.0, simulation.seconds / self.scale)
        self._title(size)

    def _panels(self) -> list[tuple[float, Callable[[Any], None]]]:
        panels: list[tuple[float, Callable[[Any], None]]] = [(1.0, self._rate)]
        ladders = [name for name in self.names if self._ladder(name) > 1]
        panels += [(1.15, functools.partial(self._variants, name)) for name in ladders]
        panels += [(1.2, self._power), (1.0, self._temperature), (1.0, self._age)]
        if self.s.board.battery:
            panels.append((0.7, self._battery))
        if max(self.s.board.slowdown, default=1.0) > 1.0:
            panels.append((0.6, self._slowdown))
        return panels

    def _ladder(self, name: str) -> int:
        return sum(1 for stage, _ in self.s.figures if stage == name)

    def _title(self, size: float) -> None:
        scenario, conditions = self.s.scenario, self.s.conditions
        asked = told(scenario.schedule.asked())
        policy = scenario.schedule.policy.replace("_", "-") + (f" ({asked})" if asked else "")
        self.figure.text(
            0.018,
            1.0 - 0.27 / size,
            f"{scenario.name} on {scenario.board.title}",
            fontsize=13,
            weight="bold",
            color=INK,
        )
        board = self.figures["board_figures"]
        missed = sum(stage["missed"] for stage in self.figures["stages"].values())
        offered = sum(stage["offered"] for stage in self.figures["stages"].values())
        parts = [
            f"policy {policy}",
            f"{conditions.regime}, {conditions.ambient:g} °C",
            f"{100 * missed / max(1, offered):.2f} % missed",
            f"{board.get('watts_mean', 0.0):.2f} W",
            f"seed {conditions.seed}",
        ]
        self.figure.text(0.018, 1.0 - 0.5 / size, "  ·  ".join(parts), fontsize=9, color="#555555")

    # -- panels ------------------------------------------------------------------------------------------------

    def _rate(self, axes: Any) -> None:
        quiet(axes, "results on time, a second")
        labels = []
        width = np.diff(self.edges)
        for name in self.names:
            log = self.s.stages[name]
            ended, late = np.asarray(log.ended) / NS, np.asarray(log.late, bool)
            rate = np.histogram(ended[~late], self.edges)[0] / width
            axes.step(self.middles, rate, where="mid", color=self.colours[name], linewidth=1.2)
            figures = self.figures["stages"][name]
            text = f"{name}\n{figures['rate_hz']:.3g} /s, {100 * figures['miss_rate']:.2g} % missed"
            labels.append((float(np.median(rate)), text, self.colours[name]))
        axes.set_ylim(0.0, 1.12 * axes.get_ylim()[1])
        beside(axes, labels, 0.34)

    def _variants(self, name: str, axes: Any) -> None:
        points = next(load.points for load in self.s.workload.stages if load.name == name)
        several = len({point.threads for point in points}) > 1
        what = "variants (threads)" if several else "variants"
        quiet(axes, f"{name}: {what}, share of runs; dark: most accurate")
        log = self.s.stages[name]
        began, point = np.asarray(log.began) / NS, np.asarray(log.point)
        order = sorted(range(len(points)), key=lambda i: (points[i].accuracy, points[i].threads))
        counts = np.array([np.histogram(began[point == i], self.edges)[0] for i in order], float)
        shares = counts / np.maximum(1.0, counts.sum(axis=0))
        colours = shades(len(order))
        axes.stackplot(self.middles, shares, colors=colours, linewidth=0, step="mid")
        axes.set_ylim(0.0, 1.0)
        axes.set_yticks([0.0, 0.5, 1.0], ["0", "50 %", "100 %"])
        total = counts.sum(axis=1) / max(1.0, counts.sum())
        shown = [k for k in np.argsort(-total)[:5] if total[k] >= 0.01]
        height = np.cumsum(total) - total / 2.0
        labels = []
        for k in shown:
            text = f"■ {_brief(points[order[k]], threads=several)}  {100 * total[k]:.0f} %"
            labels.append((float(height[k]), text, _darkened(colours[k])))
        beside(axes, labels, 0.155)

    def _power(self, axes: Any) -> None:
        quiet(axes, "power of the board, W")
        watts = np.asarray(self.s.board.watts)
        low, _, high = self._board_series(watts)
        axes.fill_between(self.middles, low, high, color=PALETTE[0], alpha=0.18, linewidth=0, step="mid")
        minute = rolling(watts, MINUTE)
        ends = np.arange(len(watts) - len(minute) + 1, len(watts) + 1) / self.scale
        axes.plot(ends, minute, color=PALETTE[0], linewidth=1.6)
        figures = self.figures["board_figures"]
        idle = self.s.scenario.board.idle.value
        axes.axhline(idle, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)))
        labels = [
            (float(minute[-1]), f"mean of a minute\nworst {figures['watts_worst_minute']:.2f} W", PALETTE[0]),
            (idle, f"idle {idle:g} W", "#6d6d6d"),
        ]
        budget = self.s.budget
        if budget is not None:
            axes.axhline(budget, color=WARNING, linewidth=1.2, linestyle=(0, (5, 3)), zorder=3)
            labels.append((budget * 1.0001, f"budget {budget:g} W", WARNING))
        top = max(float(high.max()), float(minute.max()), budget or 0.0)
        axes.set_ylim(idle - 0.12 * (top - idle), top + 0.08 * (top - idle))
        beside(axes, labels, 0.24)

    def _temperature(self, axes: Any) -> None:
        quiet(axes, "temperature of the processor, °C")
        _, mean, _ = self._board_series(np.asarray(self.s.board.celsius))
        axes.plot(self.middles, mean, color=PALETTE[3], linewidth=1.6)
        board, ambient = self.s.scenario.board, self.s.conditions.ambient
        soft = board.throttle_soft.value
        hottest = self.figures["board_figures"]["celsius_max"]
        labels = [
            (float(mean[-1]), f"at most {hottest:.1f} °C", "#A3507F"),
            (ambient, f"air {ambient:g} °C", "#6d6d6d"),
        ]
        axes.axhline(ambient, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)))
        top = max(soft + 3.0, hottest + 2.0)
        throttled = self.figures["board_figures"]["seconds_throttled"]
        axes.axhline(soft, color=WARNING, linewidth=1.2, linestyle=(0, (5, 3)))
        labels.append((soft, f"throttles at {soft:g} °C\n{throttled} s above", WARNING))
        axes.set_ylim(ambient - 4.0, top)
        beside(axes, labels, 0.24)

    def _age(self, axes: Any) -> None:
        quiet(axes, "age of the newest result when it is used, ms (line: mean; shade: oldest)")
        labels = []
        for name in self.names:
            mean, oldest = self._ages(self.s.stages[name])
            axes.fill_between(self.middles, mean, oldest, color=self.colours[name], alpha=0.18, linewidth=0, step="mid")
            axes.plot(self.middles, mean, color=self.colours[name], linewidth=1.4)
            figures = self.figures["stages"][name]
            known = mean[np.isfinite(mean)]
            text = f"{name}\nmean {figures['age_at_use_ms']:.0f} ms" if len(known) else f"{name}: nothing"
            labels.append((float(np.median(known)) if len(known) else 0.0, text, self.colours[name]))
        axes.set_ylim(0.0, None)
        beside(axes, labels, 0.34)

    def _battery(self, axes: Any) -> None:
        quiet(axes, "energy left in the battery, Wh")
        _, mean, _ = self._board_series(np.asarray(self.s.board.battery) / 3600.0)
        axes.plot(self.middles, mean, color=PALETTE[2], linewidth=1.6)
        figures = self.figures["board_figures"]["battery"]
        said = "empty after" if figures["empty"] else "would last"
        axes.set_ylim(0.0, None)
        beside(axes, [(float(mean[-1]), f"{said} {figures['hours']:.1f} h", "#00684C")])

    def _slowdown(self, axes: Any) -> None:
        quiet(axes, "slowdown of the board, which the scheduler is not told")
        _, mean, high = self._board_series(np.asarray(self.s.board.slowdown))
        axes.fill_between(self.middles, 1.0, mean, color="#c9c9c9", linewidth=0, step="mid")
        axes.plot(self.middles, high, color=GREY, linewidth=0.7)
        axes.set_ylim(1.0, max(1.1, float(high.max()) * 1.03))
        beside(axes, [(float(high.max()), f"at most x {float(high.max()):.2f}", "#6d6d6d")])

    # -- series ------------------------------------------------------------------------------------------------

    def _board_series(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        """Return least, mean and most of what was noted second by second, for each column."""
        at = np.minimum(np.arange(len(values)) + 0.5, self.edges[-1])
        which = np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, len(self.edges) - 2)
        low, high, total = (np.full(len(self.edges) - 1, x) for x in (np.inf, -np.inf, 0.0))
        np.minimum.at(low, which, values)
        np.maximum.at(high, which, values)
        np.add.at(total, which, values)
        count = np.bincount(which, minlength=len(self.edges) - 1)
        mean = total / np.maximum(1, count)
        for series in (low, mean, high):
            series[count == 0] = np.nan
        return low, mean, high

    def _ages(self, log: StageLog) -> tuple[Floats, Floats]:
        """Return mean and most of the age at use, ms, for each column."""
        columns = len(self.edges) - 1
        mean, oldest = np.full(columns, np.nan), np.full(columns, np.nan)
        if len(log.ended) < 2:
            return mean, oldest
        ended, stamp = np.asarray(log.ended) / NS, np.asarray(log.stamp) / NS
        spans = np.diff(ended)
        last = ended[1:] - stamp[:-1]
        which = np.clip(np.searchsorted(self.edges, ended[1:], side="right") - 1, 0, columns - 1)
        weight = np.bincount(which, spans, columns)
        area = np.bincount(which, spans * (last - spans / 2.0), columns)
        some = weight > 0.0
        mean[some] = area[some] / weight[some] * 1e3
        most = np.zeros(columns)
        np.maximum.at(most, which, last * 1e3)
        oldest[some] = most[some]
        return mean, oldest


def _unit(seconds: float) -> tuple[str, float]:
    if seconds > 3 * 3600:
        return "h", 3600.0
    return ("min", 60.0) if seconds > 300 else ("s", 1.0)


def _brief(point: OperatingPoint, *, threads: bool) -> str:
    name = point.variant if len(point.variant) <= 22 else point.variant[:21] + "…"
    return f"{name} ({point.threads})" if threads else name


def _darkened(colour: Any) -> str:
    """A text in the lightest shades could not be read on white."""
    red, green, blue = colour[:3]
    bright = 0.3 * red + 0.59 * green + 0.11 * blue
    factor = min(1.0, 0.55 / bright)
    return "#" + "".join(f"{round(255 * part * factor):02x}" for part in (red, green, blue))
