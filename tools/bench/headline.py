"""What gate, adaptive rate and tracker save on a film of people, and what they cost in boxes.

    python tools/bench/headline.py [--floor 0.25]

one-by-one-person-detection.mp4 (139 s, 10 frames a second) through three pipelines that differ in nothing but the
stage: the detector on every frame; with `gate: motion`, `track: true` and a rate range; and at every fifth frame, its
boxes held. Each frame's newest boxes of persons are compared with those of every frame (IoU 0.5). CPU seconds are the
process's, in virtual time on one thread; what decoding takes is measured in the camera.

Target: an eighth of the CPU without decoding, at 95 % recall and 90 % precision.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from typing import Any

os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "threads;1"  # before cv2: decoding on the thread that is measured

import cv2
import numpy as np
from bench import CLIP, SSD, need_assets, report

from edgeai import Graph, Pipeline
from edgeai.driver import Capture
from edgeai.messages import Detections
from edgeai.perception.tracking.association import assign, overlaps
from edgeai_drivers.cameras.video import Video

SECONDS = 139.4
FRAMES = 1394


class Film(Video):
    """The film, and the CPU seconds spent on decoding it."""

    decoding = 0.0

    def _read(self, timeout: float) -> Capture | None:
        before = time.process_time()
        try:
            return super()._read(timeout)
        finally:
            self.decoding += time.process_time() - before


@dataclass(frozen=True)
class Run:
    """What a pipeline gave: the boxes of persons known at each frame, looks of the model, CPU seconds."""

    boxes: list[Detections]
    looks: int
    cpu: float
    decoding: float


def main() -> None:
    need_assets()
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--floor", type=float, default=0.25, help="least looks a second of the gated stage")
    floor = parser.parse_args().floor
    every = run(rate="10fps")
    gated = run(rate=[floor, 10.0], gate="motion", track=True)
    fifth = run(rate="2fps")
    names = ("every frame", f"gate, rate [{floor:g}, 10], tracker", "every fifth frame, held")
    report("headline", [row(name, each, every) for name, each in zip(names, (every, gated, fifth), strict=True)])


def run(**stage: Any) -> Run:
    film = Film("film", Video.Options(path=str(CLIP)))
    graph = Graph(cameras={"film": film}, stages={"people": {"model": str(SSD), "threads": 1, **stage}})
    newest, looks, boxes = None, 0, []
    with Pipeline(graph, engine="lockstep", durations={"people": 0.02}) as pipeline:
        results = pipeline.stream("people")
        before = time.process_time()
        for result in results:
            boxes += [newest] * (result.seq - len(boxes))
            newest = result.value.keep("person")
            boxes.append(newest)
            looks += result.basis == "inferred"
        cpu = time.process_time() - before
    boxes += [newest] * (FRAMES - len(boxes))
    return Run(boxes, looks, cpu, film.decoding)


def row(name: str, mine: Run, every: Run) -> dict[str, Any]:
    hits = sum(matched(a, b) for a, b in zip(every.boxes, mine.boxes, strict=True))
    return {
        "pipeline": name,
        "looks %": 100 * mine.looks / FRAMES,
        "CPU s/s with decoding": mine.cpu / SECONDS,
        "without": (mine.cpu - mine.decoding) / SECONDS,
        "part of every frame's": (mine.cpu - mine.decoding) / (every.cpu - every.decoding),
        "recall %": 100 * hits / sum(map(len, every.boxes)),
        "precision %": 100 * hits / sum(map(len, mine.boxes)),
    }


def matched(wanted: Detections, found: Detections) -> int:
    """Return how many boxes can be paired with an overlap of at least one half."""
    rows, _ = assign(overlaps(np.asarray(wanted.box, float), np.asarray(found.box, float)), 0.5)
    return len(rows)


if __name__ == "__main__":
    main()
