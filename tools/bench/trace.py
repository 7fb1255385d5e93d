"""What tracing costs, which is always on: latency live with and without it, CPU time of a frame in virtual time with
and without it, and of its calls alone, which says most on a machine that is not at rest.

    python tools/bench/trace.py [--seconds S] [--rounds R]

Target: at most 5 us a frame.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import cv2
from bench import V1_SMALL, Paced, need_assets, percentiles, pictures, report, rounds
from cameras import PacedMemory, graph

from edgeai import Graph, Pipeline
from edgeai.observe.decisions import DecisionLog
from edgeai.observe.spans import Spans

FPS = 30
FRAMES = 5_000


def traced(pipeline: Pipeline, *, on: bool) -> Pipeline:
    """Take out of a pipeline what keeps its trace, where that is off."""
    if not on:
        pipeline._taps = tuple(tap for tap in pipeline._taps if not isinstance(tap, DecisionLog | Spans))
    return pipeline


def live(images: list, n: int, *, on: bool) -> list[float]:
    camera = PacedMemory(Paced(images, FPS), n)
    pipeline = traced(Pipeline(graph(camera, V1_SMALL, threads=1)), on=on)
    with pipeline, pipeline.stream("objects") as results:
        return [(time.monotonic_ns() - result.stamp) / 1e6 for result in results]


def counting() -> Pipeline:
    spec = Graph(cameras={"camera": "synthetic:16x16?fps=100"}, stages={"count": {"call": lambda frame: frame.seq}})
    return Pipeline(spec, engine="lockstep", durations={"count": 0.001})


def calls() -> float:
    """Return microseconds a frame of keeping its decisions and what one output wrote."""
    with counting() as pipeline:
        pipeline.advance(FRAMES / 100)
        decisions, result = list(pipeline.decisions), pipeline.latest("count").get().message
    log, spans = DecisionLog(), Spans(time.monotonic_ns)
    began = time.process_time()
    for decision in decisions:
        log.decided(decision.event, decision.commands)
    for t in range(FRAMES):
        spans.written("log", result, t, t)
    return (time.process_time() - began) / FRAMES * 1e6


def virtual(*, on: bool) -> float:
    """Return microseconds of CPU time a frame; in virtual time one thread does everything."""
    with traced(counting(), on=on) as pipeline:
        began = time.process_time()
        pipeline.advance(FRAMES / 100)
        return (time.process_time() - began) / FRAMES * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    need_assets()
    cv2.setNumThreads(1)
    images, n = pictures(), int(options.seconds * FPS)
    latencies = rounds(options.rounds, lambda: live(images, n, on=False), lambda: live(images, n, on=True))
    cpu = rounds(2 * options.rounds + 1, lambda: virtual(on=False), lambda: virtual(on=True))
    rows = []
    for name, times, micros in zip(("without", "with"), latencies, cpu, strict=True):
        p50, p99 = (median(percentiles(each[5:], p)[0] for each in times) for p in (50, 99))
        rows.append({"tracing": name, "p50 ms": p50, "p99 ms": p99, "CPU us a frame": min(micros)})
    rows.append({"tracing": "its cost", **{key: rows[1][key] - rows[0][key] for key in rows[0] if key != "tracing"}})
    rows.append(
        {"tracing": "its calls alone", "p50 ms": "", "p99 ms": "", "CPU us a frame": min(calls() for _ in range(5))}
    )
    report("tracing, always on", rows)


if __name__ == "__main__":
    main()
