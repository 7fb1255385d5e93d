"""A model drives a rover over a serial port, a simulated one without a robot: serial_rover.py [GRAPH] [--seconds S]."""

import argparse
from pathlib import Path

import edgeai

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("graph", nargs="?", default=Path(__file__).with_name("serial_rover.yaml"))
arguments.add_argument("--seconds", type=float, help="end after so long; else with Ctrl-C")
given = arguments.parse_args()

with edgeai.Pipeline.load(given.graph, on_fault=lambda fault: print("fault:", fault)) as pipeline:
    pilot = pipeline.latest("pilot")
    for tick in pipeline.rate(1):
        seen = pilot.get(max_age=0.15)
        line = f"{tick.n:3d} s: {seen.status.value}"
        if seen.value is not None:
            line += f", steering {seen.value['steering']:+.2f}, {seen.age * 1e3:.0f} ms old"
        if "rover" in pipeline.graph.sensors and (truth := pipeline.latest("rover").get().value):
            line += f"; {truth['distance']:.1f} m, {truth['cross_track_error'] * 100:+.1f} cm beside the line"
        print(line)
        if pipeline.faults or (given.seconds and tick.n >= given.seconds):
            break
