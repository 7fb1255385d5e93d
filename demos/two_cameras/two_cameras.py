"""Two cameras share one model, and each has a robot to steer: two_cameras.py [GRAPH] [--seconds S] [--port P]."""

import argparse
from itertools import islice
from pathlib import Path

import edgeai

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("graph", nargs="?", type=Path, default=Path(__file__).with_suffix(".yaml"))
arguments.add_argument("--seconds", type=int, help="end after so long; else with Ctrl-C")
arguments.add_argument("--port", type=int, help="show it on a page at this port")
given = arguments.parse_args()

pipeline = edgeai.Pipeline.load(given.graph, on_fault=lambda fault: print("fault:", fault))
if given.port is not None:
    pipeline.live_view(given.port)
with pipeline:
    print(f"{len({id(model) for model in pipeline.models.values()})} model for {len(pipeline.graph.stages)} streams")
    print("together:", pipeline.latest(next(iter(pipeline.graph.stages))).plan.batching)
    for tick in islice(pipeline.rate(1), given.seconds):
        for name, stats in pipeline.stats().items():
            seen = pipeline.latest(name).get(max_age=0.2)
            print(f"{tick.n:3d} s  {name:12} {seen.status.value:6} {seen.age * 1e3:4.0f} ms old", end="  ")
            print(f"{stats.delivered} results, {stats.missed} missed", flush=True)
