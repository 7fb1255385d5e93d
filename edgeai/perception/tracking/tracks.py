"""Detections that move: tracks at the time they were last looked for, and where they will be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeai.messages import Detections
from edgeai.perception.tracking.motion import Motion, boxes_of, predict

__all__ = ["Tracks"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tracks(Detections):
    """Detections with `track_id`, as of `stamp` (ns), and the motion that says where they are at another time.

    What was hidden when last looked for is in `hidden`, coasting, for as long as the tracker remembers it.
    """

    stamp: int
    motion: Motion
    hidden: Detections
    hidden_motion: Motion

    def at(self, t: int, *, hidden: bool = False) -> Detections:
        """Return where the tracks are thought to be at time t (ns), with `hidden` those last that were not seen."""
        seconds = (t - self.stamp) / _NS
        if not hidden:
            box = boxes_of(predict(self.motion, seconds)).astype(np.float32)
            return Detections(box, self.score, self.class_id, self.label, self.track_id)
        seen, away = (boxes_of(predict(motion, seconds)) for motion in (self.motion, self.hidden_motion))
        assert self.track_id is not None
        assert self.hidden.track_id is not None
        return Detections(
            np.concatenate([seen, away]).astype(np.float32),
            np.concatenate([self.score, self.hidden.score]),
            np.concatenate([self.class_id, self.hidden.class_id]),
            (*self.label, *self.hidden.label),
            np.concatenate([self.track_id, self.hidden.track_id]),
        )
