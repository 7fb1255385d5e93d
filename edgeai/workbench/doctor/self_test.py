"""A self-test: the simulated rover of the package, live, for some seconds."""

from __future__ import annotations

from pathlib import Path

from edgeai import pilots
from edgeai.clock import NS
from edgeai.errors import EdgeAIError
from edgeai.graph import Graph
from edgeai.observe.meter import Meter
from edgeai.pipeline import Pipeline
from edgeai.workbench.doctor.finding import Finding

__all__ = ["self_test"]

_ROVER = Path(pilots.__file__).parent / "rover.yaml"
_FPS = 30.0
_TOPIC = "self-test"


def self_test(seconds: float) -> Finding:
    """Run a camera of 30 pictures a second, a model and a serial port; say what came of it."""
    meter = Meter()
    pipeline = Pipeline(Graph.load(_ROVER), taps=(meter,))
    try:
        with pipeline:
            pipeline.clock.sleep_until(pipeline.clock.now() + round(seconds * NS))
            stats = pipeline.stats()["pilot"]
            figures = meter.figures("pilot", pipeline.clock.now())
    except EdgeAIError as error:
        return Finding(_TOPIC, "rover", "bad", str(error), "run `edgeai run` and read what it says")
    says = (
        f"{stats.delivered / seconds:.1f} results a second of {_FPS:g}; latency {figures.latency_p50 * 1e3:.1f} ms, "
        f"p99 {figures.latency_p99 * 1e3:.1f} ms; {stats.missed} missed of {stats.offered}"
    )
    if pipeline.faults:
        return Finding(_TOPIC, "rover", "bad", "; ".join(map(str, pipeline.faults.values())), "mend what failed")
    if stats.miss_rate > 0.01 or stats.delivered < 0.9 * _FPS * seconds:
        return Finding(_TOPIC, "rover", "mind", says, "look at what else runs here (top), and at heat")
    return Finding(_TOPIC, "rover", "good", says)
