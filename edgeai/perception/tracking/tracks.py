"""Detections that move: tracks at the time they were last looked for, and where they will be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeai.messages import Detections, Keypoints
from edgeai.perception.tracking.motion import Motion, boxes_of, predict

__all__ = ["Tracks"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tracks(Detections):
    """Detections with `track_id`, as of `stamp` (ns), and the motion that says where they are at another time.

    What was hidden when last looked for is in `hidden`, coasting, for as long as the tracker remembers it; `tentative`
    counts what was seen too seldom to be believed yet.
    """

    stamp: int
    motion: Motion
    hidden: Detections
    hidden_motion: Motion
    tentative: int = 0

    def at(self, t: int) -> Tracks:
        """Return where the tracks, and those that are hidden, are thought to be at time t (ns)."""
        seconds = (t - self.stamp) / _NS
        motion, away = predict(self.motion, seconds), predict(self.hidden_motion, seconds)
        box = boxes_of(motion).astype(np.float32)
        return replace(
            self,
            box=box,
            keypoints=None if self.keypoints is None else _carried(self.keypoints, self.box, box),
            stamp=t,
            motion=motion,
            hidden=replace(self.hidden, box=boxes_of(away).astype(np.float32)),
            hidden_motion=away,
        )


def _carried(points: Keypoints, was: npt.NDArray[np.float32], now: npt.NDArray[np.float32]) -> Keypoints:
    """Return keypoints that keep their places in boxes that have moved from `was` to `now`."""
    size = np.maximum(was[:, 2:] - was[:, :2], 1.0)
    place = (points.point - was[:, None, :2]) / size[:, None]
    return replace(points, point=(now[:, None, :2] + place * (now[:, 2:] - now[:, :2])[:, None]).astype(np.float32))
