"""From capture stamp to the consumer holding the result: 30 fps at 640x480 from memory, MobileNet v1 0.25/128.

    python tools/bench/latency.py [--seconds S] [--rounds R]

Beside edgeai, in turns: three threads joined by queues, written by hand, and one thread by hand.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import cv2
from bench import V1_SMALL, HandWritten, Paced, need_assets, percentiles, pictures, report, rounds, three_threads
from cameras import PacedMemory, graph

from edgeai import Pipeline

FPS = 30


def one_thread(model: HandWritten, source: Paced, n: int) -> list[float]:
    times = []
    for _ in range(n):
        stamp, image = source.next()
        model(image)
        times.append((time.monotonic_ns() - stamp) / 1e6)
    return times


def edgeai(images: list, n: int) -> list[float]:
    camera = PacedMemory(Paced(images, FPS), n)
    with Pipeline(graph(camera, V1_SMALL, threads=1)) as pipeline, pipeline.stream("objects") as results:
        return [(time.monotonic_ns() - result.stamp) / 1e6 for result in results]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    need_assets()
    cv2.setNumThreads(1)
    images = pictures()
    n = int(options.seconds * FPS)
    model = HandWritten(V1_SMALL)
    model(images[0])
    runs = rounds(
        options.rounds,
        lambda: one_thread(model, Paced(images, FPS), n),
        lambda: [ns / 1e6 for ns in three_threads(model, Paced(images, FPS), n)],
        lambda: edgeai(images, n),
    )
    rows = []
    for name, results in zip(("one thread by hand", "three threads by hand", "edgeai"), runs, strict=True):
        p50, p99 = (median(percentiles(r[5:], p)[0] for r in results) for p in (50, 99))
        rows.append({"loop": name, "p50 ms": p50, "p99 ms": p99})
    floor = rows[1]
    for row in rows:
        row["p50 - floor"], row["p99 - floor"] = row["p50 ms"] - floor["p50 ms"], row["p99 ms"] - floor["p99 ms"]
    report("latency: capture to consumer", rows)


if __name__ == "__main__":
    main()
