"""What is counted and measured, in Prometheus' text format, named and measured by its conventions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import get_args

from edgeai.driver import DriverStatus
from edgeai.messages import FAULT
from edgeai.observe.exposition import Family, counter, gauge, histogram
from edgeai.observe.observed import Observed
from edgeai.observe.process import cpu_seconds, memory
from edgeai.observe.tallies import Tallies
from edgeai.runtime.core import StageStats
from edgeai.schedule.commands import Cause

__all__ = ["metrics"]

_STAGE_COUNTS = (
    ("ready", "Items that reached the stage"),
    ("offered", "Items due at the rate that was chosen"),
    ("missed", "Items offered that were late, dropped late, superseded or faulted"),
    ("late", "Results published after their deadline"),
)
"""Counts of StageStats that are counters under their own names."""


def metrics(pipeline: Observed, tallies: Tallies) -> Iterator[Family]:
    """Yield every family of metrics as it is now."""
    yield from _counts(pipeline.stats())
    yield from _results(pipeline, tallies)
    yield from _board(pipeline)
    yield from _drivers(pipeline)
    yield gauge("edgeai_paused", "1 while the pipeline is paused", [({}, int(pipeline.paused))])
    yield counter("process_cpu_seconds_total", "CPU time of this process, all cores together", [({}, cpu_seconds())])
    yield gauge("process_resident_memory_bytes", "Memory that this process holds", [({}, memory())])


def _counts(stats: Mapping[str, StageStats]) -> Iterator[Family]:
    for name, says in _STAGE_COUNTS:
        yield counter(f"edgeai_{name}_total", says, [({"stage": s}, getattr(n, name)) for s, n in stats.items()])
    dropped = [
        ({"stage": stage, "cause": cause}, n.dropped.get(cause, 0))
        for stage, n in stats.items()
        for cause in get_args(Cause)
    ]
    yield counter("edgeai_dropped_total", "Items the stage did not look at, by cause", dropped)
    waiting = [({"stage": stage}, n.in_flight) for stage, n in stats.items()]
    yield gauge("edgeai_in_flight", "Items that wait for a lane or run on one", waiting)


def _results(pipeline: Observed, tallies: Tallies) -> Iterator[Family]:
    by_variant = [
        ({"stage": stage, "variant": variant, "threads": str(threads)}, n)
        for stage, tally in tallies.of.items()
        for (variant, threads), n in tally.by_variant.copy().items()
    ]
    yield counter("edgeai_results_total", "Results published, by the variant that found them", by_variant)
    latencies = [({"stage": stage}, tally.latency) for stage, tally in tallies.of.items()]
    yield histogram("edgeai_latency_seconds", "Time from capture to publication", latencies)
    steps = [
        ({"stage": stage, "step": step}, took)
        for stage, tally in tallies.of.items()
        for step, took in tally.steps.copy().items()
    ]
    yield histogram("edgeai_step_seconds", "Time that each step of a stage took; queued: waiting for a lane", steps)
    snapshots = {stage: pipeline.latest(stage).get() for stage in pipeline.graph.stages}
    ages = [({"stage": stage}, seen.age) for stage, seen in snapshots.items() if math.isfinite(seen.age)]
    yield gauge("edgeai_result_age_seconds", "Age of the newest result since capture", ages)
    up = [({"stage": stage}, int(seen.status is not FAULT)) for stage, seen in snapshots.items()]
    yield gauge("edgeai_stage_up", "1 unless the stage, or what feeds it, has failed", up)
    yield gauge("edgeai_variant_share_ratio", "Part of the runs planned for each variant", list(_shares(pipeline)))


def _shares(pipeline: Observed) -> Iterator[tuple[dict[str, str], float]]:
    for stage in pipeline.graph.stages:
        plan = pipeline.latest(stage).plan
        for variant, threads, share in plan.shares if plan is not None else ():
            yield {"stage": stage, "variant": variant, "threads": str(threads)}, share


def _board(pipeline: Observed) -> Iterator[Family]:
    power, board = pipeline.power, pipeline.board
    watts = [({"basis": power.basis}, power.watts or board.watts)]
    yield gauge("edgeai_power_watts", "Watts of the whole board, and how they are known", watts)
    yield counter("edgeai_energy_joules_total", "Energy of the whole board since the start", [({}, power.joules)])
    known = (
        ("edgeai_power_limit_watts", "Watts that the scheduler keeps to, by budget or by heat", power.limit),
        ("edgeai_temperature_celsius", "Temperature of the processor", board.celsius),
        ("edgeai_throttled", "1 while the clock of the processor is held down", board.throttled),
        ("edgeai_battery_joules", "Energy left in the battery", board.joules),
    )
    for name, says, value in known:
        yield gauge(name, says, [] if value is None else [({}, float(value))])


def _drivers(pipeline: Observed) -> Iterator[Family]:
    drivers = pipeline.drivers.values()
    states = [
        ({"driver": driver.name, "kind": driver.kind, "state": state}, int(driver.state == state))
        for driver in drivers
        for state in get_args(DriverStatus)
    ]
    yield gauge("edgeai_driver_state", "1 for the state that a driver is in", states)
    restarts = [({"driver": driver.name}, driver.restarts) for driver in drivers]
    yield counter("edgeai_driver_restarts_total", "How often a driver was opened again", restarts)
    for kind, label, done, says in (
        ("camera", "source", "edgeai_frames_captured_total", "Frames captured"),
        ("sensor", "source", "edgeai_readings_total", "Readings captured"),
        ("output", "output", "edgeai_written_total", "Results written"),
    ):
        mine = [driver for driver in drivers if driver.kind == kind]
        yield counter(done, says, [({label: driver.name}, driver.done) for driver in mine])
    lost = [({"driver": driver.name}, driver.lost) for driver in drivers]
    yield counter("edgeai_lost_total", "Captures and results that went by a driver", lost)
