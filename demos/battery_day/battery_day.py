"""A day on a battery, in about a minute: battery_day.py [WORKLOAD] [--battery WH] [--hours H] [--output PNG]."""

import argparse
from collections import Counter
from pathlib import Path

from edgeai.workbench.read import read_scenario
from edgeai.workbench.simulate import Conditions, simulate
from edgeai.workbench.simulate_plot import plot

HOUR = 3600
arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("workload", nargs="?", type=Path, default=Path(__file__).with_suffix(".yaml"))
arguments.add_argument("--battery", type=float, default=52, help="watt-hours at the start")
arguments.add_argument("--hours", type=float, default=24)
arguments.add_argument("--output", type=Path, default=Path("battery_day.png"))
given = arguments.parse_args()

scenario = read_scenario(given.workload, "pi4")
surroundings = Conditions(seconds=given.hours * HOUR, ambient=30, regime="random", battery=given.battery)
day = simulate(scenario, surroundings)

(name,) = day.stages
points, log = [point.variant for point in day.workload.stages[0].points], day.stages[name]
step = HOUR * max(1, round(given.hours / 12))
for begin in range(0, int(day.seconds), step):
    ran = Counter(points[p] for p, t in zip(log.point, log.began, strict=True) if begin <= t / 1e9 < begin + step)
    watts = day.board.watts[begin : begin + step]
    mostly, runs = ran.most_common(1)[0]
    left = day.board.battery[begin] / HOUR
    print(f"{begin // HOUR:2d} h  {left:5.1f} Wh left  {sum(watts) / len(watts):.2f} W  ", end="")
    print(f"{sum(ran.values()) / len(watts):.1f} results a second, {mostly} {100 * runs / ran.total():.0f} %")
print(f"{day.board.battery[-1] / HOUR:.1f} Wh left after {day.seconds / HOUR:.1f} h; drawn: {given.output}")
plot(day, given.output)
