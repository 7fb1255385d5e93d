"""What is counted and measured, in Prometheus' text format, named and measured by its conventions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from edgeai.driver import DriverStatus
from edgeai.messages import FAULT
from edgeai.observe.observed import Observed
from edgeai.observe.requests import Answer
from edgeai.observe.tallies import BOUNDS, Histogram, Tallies
from edgeai.runtime.core import StageStats
from edgeai.schedule.commands import Cause

__all__ = ["Metrics"]

_KIND = "text/plain; version=0.0.4; charset=utf-8"

_STAGE_COUNTS = (
    ("ready", "Items that reached the stage"),
    ("offered", "Items due at the rate that was chosen"),
    ("missed", "Items offered that were late, dropped late, superseded or faulted"),
    ("late", "Results published after their deadline"),
)
"""Counts of StageStats that are counters under their own names."""


class Metrics:
    """A collector of prometheus_client: reads a pipeline when it is scraped, and keeps nothing itself."""

    def __init__(self, pipeline: Observed, tallies: Tallies) -> None:
        self._pipeline = pipeline
        self._tallies = tallies
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def answer(self) -> Answer:
        """Answer a scrape."""
        return Answer(200, _KIND, generate_latest(self._registry))

    def describe(self) -> list[Metric]:
        """Describe nothing ahead: the registry asks on registration, before the pipeline runs."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every family of metrics."""
        pipeline = self._pipeline
        stats = pipeline.stats()
        yield from _counts(stats)
        yield from _results(pipeline, self._tallies)
        yield from _board(pipeline)
        yield from _drivers(pipeline)
        yield _gauge("edgeai_paused", "1 while the pipeline is paused", [({}, float(pipeline.paused))])


def _counts(stats: Mapping[str, StageStats]) -> Iterator[Metric]:
    for name, says in _STAGE_COUNTS:
        yield _counter(f"edgeai_{name}", says, [({"stage": s}, getattr(n, name)) for s, n in stats.items()])
    dropped = [
        ({"stage": stage, "cause": cause}, n.dropped.get(cause, 0))
        for stage, n in stats.items()
        for cause in get_args(Cause)
    ]
    yield _counter("edgeai_dropped", "Items the stage did not look at, by cause", dropped)
    waiting = [({"stage": stage}, n.in_flight) for stage, n in stats.items()]
    yield _gauge("edgeai_in_flight", "Items that wait for a lane or run on one", waiting)


def _results(pipeline: Observed, tallies: Tallies) -> Iterator[Metric]:
    by_variant = [
        ({"stage": stage, "variant": variant, "threads": str(threads)}, n)
        for stage, tally in tallies.of.items()
        for (variant, threads), n in tally.by_variant.copy().items()
    ]
    yield _counter("edgeai_results", "Results published, by the variant that found them", by_variant)
    latencies = [({"stage": stage}, tally.latency) for stage, tally in tallies.of.items()]
    yield _histogram("edgeai_latency_seconds", "Time from capture to publication", latencies)
    steps = [
        ({"stage": stage, "step": step}, histogram)
        for stage, tally in tallies.of.items()
        for step, histogram in tally.steps.copy().items()
    ]
    yield _histogram("edgeai_step_seconds", "Time that each step of a stage took; queued: waiting for a lane", steps)
    snapshots = {stage: pipeline.latest(stage).get() for stage in pipeline.graph.stages}
    ages = [({"stage": stage}, seen.age) for stage, seen in snapshots.items() if math.isfinite(seen.age)]
    yield _gauge("edgeai_result_age_seconds", "Age of the newest result since capture", ages)
    up = [({"stage": stage}, float(seen.status is not FAULT)) for stage, seen in snapshots.items()]
    yield _gauge("edgeai_stage_up", "1 unless the stage, or what feeds it, has failed", up)
    yield _gauge("edgeai_variant_share_ratio", "Part of the runs planned for each variant", list(_shares(pipeline)))


def _shares(pipeline: Observed) -> Iterator[tuple[dict[str, str], float]]:
    for stage in pipeline.graph.stages:
        plan = pipeline.latest(stage).plan
        for variant, threads, share in plan.shares if plan is not None else ():
            yield {"stage": stage, "variant": variant, "threads": str(threads)}, share


def _board(pipeline: Observed) -> Iterator[Metric]:
    power, board = pipeline.power, pipeline.board
    watts = [({"basis": power.basis}, power.watts or board.watts)]
    yield _gauge("edgeai_power_watts", "Watts of the whole board, and how they are known", watts)
    yield _counter("edgeai_energy_joules", "Energy of the whole board since the start", [({}, power.joules)])
    known = (
        ("edgeai_power_limit_watts", "Watts that the scheduler keeps to, by budget or by heat", power.limit),
        ("edgeai_temperature_celsius", "Temperature of the processor", board.celsius),
        ("edgeai_throttled", "1 while the clock of the processor is held down", board.throttled),
        ("edgeai_battery_joules", "Energy left in the battery", board.joules),
    )
    for name, says, value in known:
        yield _gauge(name, says, [] if value is None else [({}, float(value))])


def _drivers(pipeline: Observed) -> Iterator[Metric]:
    drivers = pipeline.drivers.values()
    states = [
        ({"driver": driver.name, "kind": driver.kind, "state": state}, float(driver.state == state))
        for driver in drivers
        for state in get_args(DriverStatus)
    ]
    yield _gauge("edgeai_driver_state", "1 for the state that a driver is in", states)
    restarts = [({"driver": driver.name}, driver.restarts) for driver in drivers]
    yield _counter("edgeai_driver_restarts", "How often a driver was opened again", restarts)
    for kind, label, done, says in (
        ("camera", "source", "edgeai_frames_captured", "Frames captured"),
        ("sensor", "source", "edgeai_readings", "Readings captured"),
        ("output", "output", "edgeai_written", "Results written"),
    ):
        mine = [driver for driver in drivers if driver.kind == kind]
        yield _counter(done, says, [({label: driver.name}, driver.done) for driver in mine])
    lost = [({"driver": driver.name}, driver.lost) for driver in drivers]
    yield _counter("edgeai_lost", "Captures and results that went by a driver", lost)


# -- families ------------------------------------------------------------------------------------------------------

_Samples = Iterable[tuple[Mapping[str, str], float]]


def _counter(name: str, says: str, samples: _Samples) -> Metric:
    return _filled(CounterMetricFamily, name, says, samples)


def _gauge(name: str, says: str, samples: _Samples) -> Metric:
    return _filled(GaugeMetricFamily, name, says, samples)


def _filled(cls: Any, name: str, says: str, samples: _Samples) -> Metric:
    rows = list(samples)
    family: Metric = cls(name, says, labels=list(rows[0][0]) if rows else ())
    for labels, value in rows:
        family.add_metric(list(labels.values()), value)  # type: ignore[attr-defined]
    return family


def _histogram(name: str, says: str, samples: Iterable[tuple[Mapping[str, str], Histogram]]) -> Metric:
    rows = list(samples)
    family = HistogramMetricFamily(name, says, labels=list(rows[0][0]) if rows else ())
    for labels, histogram in rows:
        counts, below = histogram.counts.copy(), 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
            below += count
            buckets.append((bound, below))
        family.add_metric(list(labels.values()), buckets, histogram.total)
    return family
