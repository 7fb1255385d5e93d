"""Time that edgeai adds to a frame, over a loop written by hand with cv2 and the interpreter.

    python tools/bench/overhead.py [--frames N] [--rounds R]

Frames in memory: time from one result to the next, N frames of a small model and a fifth as many of a usual one, one
model thread. On a clip: frames a second, decoding included, beside a sequential loop and one of two threads.
"""

from __future__ import annotations

import argparse
import queue
import threading
import time
from itertools import pairwise
from statistics import median

import cv2
from bench import CLIP, V1_HALF, V1_SMALL, V2, HandWritten, need_assets, percentiles, pictures, report, rounds
from cameras import Memory, graph

from edgeai import Graph, Pipeline


def by_hand(model: HandWritten, images: list, n: int) -> list[float]:
    times = []
    before = time.perf_counter()
    for i in range(n):
        model(images[i % len(images)])
        after = time.perf_counter()
        times.append((after - before) * 1e6)
        before = after
    return times


def with_edgeai(path, images: list, n: int) -> list[float]:
    with Pipeline(graph(Memory(images, n), path, threads=1)) as pipeline, pipeline.stream("objects") as results:
        ends = [result.published for result in results]
        assert pipeline.stats()["objects"].delivered == n
    return [(after - before) / 1e3 for before, after in pairwise(ends)][20:]


def clip_sequential(model: HandWritten) -> float:
    capture, n, began = cv2.VideoCapture(str(CLIP)), 0, time.perf_counter()
    while (read := capture.read())[0]:
        model(read[1])
        n += 1
    return n / (time.perf_counter() - began)


def clip_two_threads(model: HandWritten) -> float:
    frames: queue.Queue = queue.Queue(maxsize=2)

    def decode() -> None:
        capture = cv2.VideoCapture(str(CLIP))
        while (read := capture.read())[0]:
            frames.put(read[1])
        frames.put(None)

    began, n = time.perf_counter(), 0
    thread = threading.Thread(target=decode)
    thread.start()
    while (image := frames.get()) is not None:
        model(image)
        n += 1
    thread.join()
    return n / (time.perf_counter() - began)


def clip_edgeai() -> float:
    camera = f"video:{CLIP}?lossless=true"
    clip = Graph(cameras={"camera": camera}, stages={"objects": {"model": str(V1_HALF), "threads": 1}})
    with Pipeline(clip) as pipeline, pipeline.stream("objects") as stream:
        results = list(stream)
    return len(results) / ((results[-1].published - results[0].stamp) / 1e9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    need_assets()
    cv2.setNumThreads(1)
    images = pictures()
    rows = []
    for path, n in ((V1_SMALL, options.frames), (V2, options.frames // 5)):
        model = HandWritten(path)
        by_hand(model, images, 50)
        hands, ours = rounds(
            options.rounds,
            lambda model=model, n=n: by_hand(model, images, n),
            lambda path=path, n=n: with_edgeai(path, images, n),
        )
        hand50, hand99 = (median(percentiles(r, p)[0] for r in hands) for p in (50, 99))
        ours50, ours99 = (median(percentiles(r, p)[0] for r in ours) for p in (50, 99))
        rows.append(
            {
                "model": path.stem,
                "by hand p50 us": hand50,
                "edgeai p50 us": ours50,
                "added p50 us": ours50 - hand50,
                "by hand p99 us": hand99,
                "edgeai p99 us": ours99,
                "added p99 us": ours99 - hand99,
                "ratio p50": ours50 / hand50,
            }
        )
    report("overhead: frames in memory", rows)
    model = HandWritten(V1_HALF)
    runs = rounds(options.rounds, lambda: clip_sequential(model), lambda: clip_two_threads(model), clip_edgeai)
    one, two, ours = (median(run) for run in runs)
    report(
        "overhead: clip, decoding included",
        [
            {
                "model": V1_HALF.stem,
                "sequential fps": one,
                "two threads fps": two,
                "edgeai fps": ours,
                "edgeai / sequential": ours / one,
                "edgeai / two threads": ours / two,
            }
        ],
    )


if __name__ == "__main__":
    main()
