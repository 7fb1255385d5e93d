"""A source three times faster than the model: is every frame accounted for, are results fresh, is memory flat?

    python tools/bench/freshness.py [--seconds S]

Target: captured = delivered + dropped by cause, exactly; age at delivery p99 at most one frame period + 1.2 x the p99
of inference; memory flat.
"""

from __future__ import annotations

import argparse
import threading
import time

import cv2
import numpy as np
from bench import SSD, Paced, memory, need_assets, percentiles, pictures, report
from cameras import PacedMemory, graph

from edgeai import Pipeline


def typical_seconds(images: list) -> float:
    from cameras import Memory

    with Pipeline(graph(Memory(images, 60), SSD, threads=1)) as pipeline, pipeline.stream("objects") as results:
        ends = [result.published for result in results]
    return float(np.median(np.diff(ends))) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    need_assets()
    cv2.setNumThreads(1)
    images = pictures()
    fps = 3 / typical_seconds(images)
    camera = PacedMemory(Paced(images, fps), int(options.seconds * fps))
    ages, inference, sizes = [], [], []
    over = threading.Event()
    with Pipeline(graph(camera, SSD, threads=1)) as pipeline, pipeline.stream("objects") as results:

        def watch() -> None:
            while not over.wait(1):
                sizes.append(memory())

        watcher = threading.Thread(target=watch)
        watcher.start()
        for result in results:
            ages.append((time.monotonic_ns() - result.stamp) / 1e6)
            rows = {mark: t for _, mark, t in result.ledger}
            inference.append((rows["decoded"] - rows["started"]) / 1e6)
        over.set()
        watcher.join()
        stats = pipeline.stats()["objects"]
    period = 1e3 / fps
    allowed = period + 1.2 * percentiles(inference, 99)[0]
    settled = sizes[len(sizes) // 4 :]
    slope = float(np.polyfit(range(len(settled)), settled, 1)[0]) if len(settled) > 2 else 0.0
    report(
        "freshness",
        [
            {
                "source fps": fps,
                "captured": camera.captured,
                "delivered": stats.delivered,
                "dropped": str(stats.dropped),
                "conserved": camera.captured == stats.delivered + sum(stats.dropped.values()) + stats.in_flight,
                "age p50 ms": percentiles(ages, 50)[0],
                "age p99 ms": percentiles(ages, 99)[0],
                "allowed ms": allowed,
                "age p99 / allowed": percentiles(ages, 99)[0] / allowed,
                "MB": sizes[-1] if sizes else memory(),
                "MB a minute": slope * 60,
            }
        ],
    )


if __name__ == "__main__":
    main()
