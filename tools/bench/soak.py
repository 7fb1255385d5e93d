"""Three streams with faults at random, by seed: does anything grow, is every frame accounted for?

    python tools/bench/soak.py [--frames N] [--live SECONDS] [--seed S]

In virtual time to so many frames, then live for so many seconds. Targets: ready = delivered + dropped + in flight for
every stream, exactly; no thread and no descriptor more; memory and Python's own blocks flat. Flat is judged over the
second half of a run: in the first, rings fill, and cameras that are opened again on threads of their own take 6 MB
there for good, once in each heap of malloc, which takes minutes live. The slope has to be zero within its noise, which
is twice its standard error over blocks of samples, and in no case more than 1 % of the whole.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import math
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from bench import memory

from edgeai import Graph, Pipeline
from edgeai.testing.faults import Fault, Faults

FPS = 100
STREAMS = ("a", "b", "c")
SAMPLES = 60
BLOCK = 5
"""Samples whose mean is one point of the slope: neighbours are alike, and would make it look surer than it is."""
MOST = 0.01
"""The part of the whole by which something may seem to grow over the second half, however noisy it is."""


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


@dataclass(frozen=True)
class Slope:
    """How much something grows over the second half of a run, how surely, and how much of it there is."""

    growth: float
    noise: float
    mean: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Slope:
        """Fit a line through the means of blocks of the second half."""
        half = np.array(samples[len(samples) // 2 :])
        means = half[: len(half) // BLOCK * BLOCK].reshape(-1, BLOCK).mean(1)
        turns = np.arange(len(means)) - (len(means) - 1) / 2
        slope = float(turns @ means / (turns @ turns))
        left = means - means.mean() - slope * turns
        error = math.sqrt(float(left @ left) / (len(means) - 2) / float(turns @ turns))
        return cls(slope * len(means), 2 * error * len(means), float(means.mean()))

    @property
    def flat(self) -> bool:
        return self.growth <= min(self.noise, MOST * self.mean)

    def __str__(self) -> str:
        return f"{self.growth:+.4g} +- {self.noise:.2g} of {self.mean:.5g}"


def grown(samples: Sequence[int]) -> int:
    """Return by how much the least of the last samples is more than the least of the first half."""
    return min(samples[-BLOCK:]) - min(samples[: len(samples) // 2])


@dataclass
class Found:
    """What a run came to."""

    frames: int
    captured: int
    conserved: bool
    faults: int
    restarts: int
    memory: Slope
    blocks: Slope
    threads: int
    descriptors: int
    left_behind: tuple[int, int]
    seconds: float

    @property
    def good(self) -> bool:
        flat = self.memory.flat and self.blocks.flat
        return flat and self.conserved and max(self.threads, self.descriptors, *self.left_behind) <= 0

    def __str__(self) -> str:
        return (
            f"{self.frames} frames of {self.captured} captured in {self.seconds:.0f} s, {self.faults} faults told, "
            f"{self.restarts} restarts\n  every frame accounted for: {self.conserved}\n  growth over the second half: "
            f"memory {self.memory} MB, Python's blocks {self.blocks}\n  threads grown {self.threads}, "
            f"descriptors grown {self.descriptors}, left behind {self.left_behind}"
        )


def run(engine: str, seconds: float, seed: int, count: int) -> Found:
    before = held()
    told = itertools.count()
    made = Pipeline(
        graph(), engine=engine, durations=lambda stage, variant: 0.002, on_fault=lambda: next(told),
        disturb=faults(seconds, seed, count),
    )  # fmt: skip
    sizes, blocks, threads, descriptors = [], [], [], []
    began = time.monotonic()
    with made as pipeline:
        for _ in range(SAMPLES):
            if engine == "lockstep":
                pipeline.advance(seconds / SAMPLES)
            else:
                pipeline.wait(seconds / SAMPLES)
            gc.collect()
            blocks.append(sys.getallocatedblocks())
            sizes.append(memory())
            now = held()
            threads.append(now[0])
            descriptors.append(now[1])
            done = sum(s.ready for s in pipeline.stats().values())
            print(
                f"{engine}: {done} frames, {sizes[-1]:.1f} MB, {blocks[-1]} blocks, {now}", file=sys.stderr, flush=True
            )
        drivers = pipeline.drivers
    took = time.monotonic() - began
    stats = pipeline.stats().values()
    return Found(
        frames=sum(s.ready for s in stats),
        captured=sum(drivers[name].done for name in STREAMS),
        conserved=all(s.ready == s.delivered + sum(s.dropped.values()) + s.in_flight for s in stats),
        faults=next(told),
        restarts=sum(drivers[name].restarts for name in STREAMS),
        memory=Slope.of(sizes),
        blocks=Slope.of(blocks),
        threads=grown(threads),
        descriptors=grown(descriptors),
        left_behind=(held()[0] - before[0], held()[1] - before[1]),
        seconds=took,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--live", type=float, default=600, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=300, help="in virtual time; live there is one every 5 s")
    options = parser.parse_args()
    runs = []
    if options.frames:
        runs.append(("lockstep", options.frames / FPS / len(STREAMS), options.faults))
    if options.live:
        runs.append(("live", options.live, max(1, round(options.live / 5))))
    good = True
    for engine, seconds, count in runs:
        found = run(engine, seconds, options.seed, count)
        good &= found.good
        print(f"{engine}: {found}", flush=True)
    print("as it should be" if good else "NOT as it should be")
    sys.exit(not good)


if __name__ == "__main__":
    main()
