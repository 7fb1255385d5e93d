"""Tracking on TUD-Campus and TUD-Stadtmitte, from the given detections, at every frame and at one in five.

    python tools/bench/tracking.py

MOTA and IDF1 by py-motmetrics (extra `evaluate`) beside the example tracker's output, and beside the same tracker told
that every step takes one frame's time (dt = 1). What the tracker costs is printed for 20 tracks.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import motmetrics
import numpy as np
from bench import ASSETS

from edgeai.messages import Detections
from edgeai.perception.tracking import Tracker
from edgeai.perception.tracking.association import overlaps

FRAME = 40_000_000
"""ns: both films have 25 frames a second."""

Boxes = dict[int, tuple[np.ndarray, np.ndarray]]


def main() -> None:
    print(f"{'':16}{'':28}{'MOTA %':>8}{'IDF1 %':>8}{'switches':>10}")
    for film in ("TUD-Campus", "TUD-Stadtmitte"):
        folder = ASSETS / "tracking" / film
        truth = read(folder / "gt/gt.txt")
        show(film, "example tracker", score(truth, read(folder / "example_tracker_output/test.txt")))
        for every, true_time in ((1, True), (5, True), (5, False)):
            name = f"1 frame in {every}, dt = {'seconds' if true_time else '1 frame'}"
            show(film, name, score(truth, tracked(folder, sorted(truth), every, true_time=true_time)))
    print(f"20 tracks: p50 {cost():.0f} us an update (target 500)")


def show(film: str, name: str, found: dict[str, float]) -> None:
    print(f"{film:16}{name:28}{100 * found['mota']:8.1f}{100 * found['idf1']:8.1f}{found['num_switches']:10.0f}")


def read(path: Path) -> Boxes:
    """Return {frame: (ids, boxes as x1, y1, x2, y2)} of a file in MOTChallenge's form."""
    rows = np.loadtxt(path, delimiter=",")
    boxes = np.hstack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])
    return {int(f): (rows[rows[:, 0] == f, 1], boxes[rows[:, 0] == f]) for f in np.unique(rows[:, 0])}


def tracked(folder: Path, frames: list[int], every: int, *, true_time: bool) -> Boxes:
    """Return where the tracks are in each frame, the tracker being shown one frame in `every`."""
    rows = np.loadtxt(folder / "det/det.txt", delimiter=",")
    tracker, found = Tracker(), {}
    for frame in frames:
        t = frame * FRAME if true_time else (frame // every) * FRAME
        if (frame - 1) % every == 0:
            tracks = tracker.update(detections(rows[rows[:, 0] == frame]), t)
        now = tracks.at(t)
        found[frame] = now.track_id, now.box.astype(float)
    return found


def detections(rows: np.ndarray) -> Detections:
    boxes = np.hstack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]]).astype(np.float32)
    return Detections(boxes, rows[:, 6].astype(np.float32), np.zeros(len(rows), np.int32), ("person",) * len(rows))


def score(truth: Boxes, found: Boxes) -> dict[str, float]:
    """Return MOTA, IDF1 and the switches; a pair needs an overlap of 0.5."""
    book = motmetrics.MOTAccumulator(auto_id=False)
    none = np.zeros(0), np.zeros((0, 4))
    for frame, (ids, boxes) in truth.items():
        theirs, places = found.get(frame, none)
        distance = 1.0 - overlaps(boxes, places)
        book.update(list(ids), list(theirs), np.where(distance > 0.5, np.nan, distance), frameid=frame)
    summary = motmetrics.metrics.create().compute(book, metrics=["mota", "idf1", "num_switches"])
    return {name: float(column.iloc[0]) for name, column in summary.items()}


def cost() -> float:
    """Return the median microseconds of an update with 20 tracks."""
    tracker, times = Tracker(), []
    for k, found in enumerate(crowd(20, 1000)):
        before = time.perf_counter()
        tracker.update(found, k * FRAME)
        times.append(time.perf_counter() - before)
    return statistics.median(times[100:]) * 1e6


def crowd(people: int, frames: int) -> Iterator[Detections]:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 600, (people, 2))
    for _ in range(frames):
        corner += rng.normal(0, 1, corner.shape)
        boxes = np.hstack([corner, corner + np.array([30, 80])]).astype(np.float32)
        yield Detections(boxes, np.full(people, 0.9, np.float32), np.zeros(people, np.int32), ("person",) * people)


if __name__ == "__main__":
    main()
