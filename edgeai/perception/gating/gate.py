"""A gate: looks at a small grey picture of each frame and says whether the model has to look at the frame itself.

It has to at the floor rate, and when something moved. With tracks it knows more: motion that the tracks explain needs
no look as long as it is known well enough where they are. So the model runs often when something new appears or tracks
are in doubt, and seldom while coasting is good; what MARLIN (Apicharttrisorn et al., SenSys 2019) reached by tracking
between detections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgeai.messages import Frame
from edgeai.perception.gating.explained import Explained, explain
from edgeai.perception.gating.look import Carried, Look
from edgeai.perception.gating.picture import cell_size, changed, small_picture
from edgeai.perception.tracking.tracks import Tracks
from edgeai.quantities import Fraction, Rate

__all__ = ["Gate", "GateOptions", "Reason"]

_NS = 1_000_000_000

_PATIENCE = 200_000_000
_MOST_PATIENCE = 800_000_000
"""ns before motion that was no object is looked at again, at first and at the most: whoever comes in is found within
that, and a tree in the wind costs little more than the floor rate."""

Reason = Literal["first", "floor", "moved", "doubt"]
"""Why the model looks: for the first time, at the floor rate, at what moved, or for tracks it is unsure of."""


@dataclass(frozen=True, kw_only=True)
class GateOptions:
    """What a gate is told.

    threshold: change of a cell's brightness, of the full range, that counts as motion. floor: the model looks at least
    so often, a second.
    """

    threshold: Fraction = 0.05
    floor: Rate = 1.0


class Gate:
    """Judges frames in the order of time; `look` is all it remembers, and may be set to go on from there."""

    def __init__(self, options: GateOptions | None = None, look: Look | None = None) -> None:
        self.options = options or GateOptions()
        self.look = look
        self._picture: npt.NDArray[np.uint8] | None = None
        self._reason: Reason = "first"

    def judge(self, frame: Frame, t: int) -> Carried | None:
        """Return what can be carried forward to a frame captured at t (ns); None where the model has to look."""
        self._picture = small_picture(frame)
        look = self.look
        if look is None or look.picture.shape != self._picture.shape or t < look.t:
            self._reason = "first"
            return None
        if (t - look.t) * self.options.floor >= _NS:
            self._reason = "floor"
            return None
        moved = changed(self._picture, look.picture, self.options.threshold)
        if isinstance(look.value, Tracks):
            return self._carry_tracks(
                look, explain(look.value, moved, cell_size(frame.size, moved.shape), t - look.t), t
            )
        if moved.any():
            self._reason = "moved"
            return None
        return Carried(look.value, "unchanged", look.stamp)

    def looked(self, value: Any, t: int, stamp: int) -> Look:
        """Keep and return what the model found in the frame judged last."""
        assert self._picture is not None
        self.look = Look(t, stamp, self._picture, value, self._patience(value))
        return self.look

    def _carry_tracks(self, look: Look, seen: Explained, t: int) -> Carried | None:
        if seen.doubtful:
            self._reason = "doubt"
            return None
        if seen.unexplained and t - look.t >= look.patience:
            self._reason = "moved"
            return None
        return Carried(seen.tracks, "unchanged" if seen.all_still else "coasted", look.stamp)

    def _patience(self, value: Any) -> int:
        """Return for how long not to look at motion that is no object: each time in vain, for twice as long."""
        before = self.look
        if before is None or self._reason != "moved" or not isinstance(value, Tracks):
            return 0
        known = set() if not isinstance(before.value, Tracks) else set(_numbers(before.value))
        gained = value.tentative or any(number not in known for number in _numbers(value))
        return 0 if gained else min(max(_PATIENCE, 2 * before.patience), _MOST_PATIENCE)


def _numbers(tracks: Tracks) -> list[int]:
    assert tracks.track_id is not None
    numbers: list[int] = tracks.track_id.tolist()
    return numbers
