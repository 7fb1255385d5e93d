"""Three streams with faults at random, by seed: does anything grow, is every frame accounted for?

    python tools/bench/soak.py [--frames N] [--live SECONDS] [--seed S]

In virtual time to so many frames, then live for so many seconds. Target: ready = delivered + dropped + in flight for
every stream, exactly; no thread and no descriptor more than at the start; memory flat within noise.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import threading
import time

import numpy as np
from bench import memory

from edgeai import Graph, Pipeline
from edgeai.testing.faults import Fault, Faults

FPS = 100
STREAMS = ("a", "b", "c")
SAMPLES = 40
NOISE = 0.02
"""The part by which memory may seem to grow over the settled part of a run."""


def graph() -> Graph:
    camera = {"driver": "synthetic", "size": "16x16", "fps": FPS, "prepared": 2}
    return Graph(
        cameras=dict.fromkeys(STREAMS, camera),
        stages={f"stage_{name}": {"input": name, "call": lambda frame: frame.seq} for name in STREAMS},
    )


def faults(seconds: float, seed: int, count: int) -> Faults:
    """Draw faults of devices and stages over a run, each a few tenths of a second to two long."""
    dice = random.Random(seed)
    kinds = ("unplug", "stall", "crash", "shape", "slow", "garble", "duplicate", "skip")
    drawn = []
    for _ in range(count):
        name = dice.choice(STREAMS)
        start, length = dice.uniform(1, seconds), dice.uniform(0.3, 2.0)
        if dice.random() < 0.25:
            drawn.append(Fault(dice.choice(("crash", "slow")), f"stage_{name}", start, length))
        else:
            drawn.append(Fault(dice.choice(kinds), name, start, length))
    return Faults(drawn)


def held() -> tuple[int, int]:
    """Return how many threads and descriptors there are."""
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


def run(engine: str, seconds: float, seed: int, count: int) -> dict:
    before = held()
    told: list = []
    made = Pipeline(
        graph(), engine=engine, durations=lambda stage, variant: 0.002, on_fault=told.append,
        disturb=faults(seconds, seed, count),
    )  # fmt: skip
    sizes, held_while = [], []
    began = time.monotonic()
    with made as pipeline:
        for _ in range(SAMPLES):
            if engine == "lockstep":
                pipeline.advance(seconds / SAMPLES)
            else:
                pipeline.wait(seconds / SAMPLES)
            gc.collect()
            sizes.append(memory())
            held_while.append(held())
            done = sum(s.ready for s in pipeline.stats().values())
            print(f"{engine}: {done} frames, {sizes[-1]:.1f} MB, {held_while[-1]}", file=sys.stderr, flush=True)
        drivers = pipeline.drivers
    took = time.monotonic() - began
    stats = pipeline.stats()
    conserved = all(s.ready == s.delivered + sum(s.dropped.values()) + s.in_flight for s in stats.values())
    settled = np.array(sizes[SAMPLES // 4 :])
    slope = float(np.polyfit(range(len(settled)), settled, 1)[0]) * len(settled)
    return {
        "frames": sum(s.ready for s in stats.values()),
        "captured": sum(drivers[name].done for name in STREAMS),
        "conserved": conserved,
        "faults told": len(told),
        "restarts": sum(drivers[name].restarts for name in STREAMS),
        "memory growth": slope / float(settled.mean()),
        "threads grown": held_while[-1][0] - held_while[0][0],
        "descriptors grown": held_while[-1][1] - held_while[0][1],
        "left behind": tuple(now - then for now, then in zip(held(), before, strict=True)),
        "seconds": took,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--live", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=300)
    options = parser.parse_args()
    good = True
    runs = [("lockstep", options.frames / FPS / len(STREAMS), options.faults)]
    if options.live:
        runs.append(("live", options.live, max(1, round(options.live / 5))))
    for engine, seconds, count in runs:
        found = run(engine, seconds, options.seed, count)
        flat = abs(found["memory growth"]) <= NOISE or found["memory growth"] < 0
        good &= found["conserved"] and flat and found["threads grown"] <= 0 and found["descriptors grown"] <= 0
        print(f"{engine}: " + ", ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                                        for key, value in found.items()))  # fmt: skip
    print("as it should be" if good else "NOT as it should be")
    sys.exit(not good)


if __name__ == "__main__":
    main()
