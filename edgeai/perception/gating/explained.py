"""How far the tracks explain what moved, and whether it is known well enough where they are."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from edgeai.perception.gating.regions import covered
from edgeai.perception.tracking.motion import Motion
from edgeai.perception.tracking.tracks import Tracks

__all__ = ["Explained", "explain"]

Floats = npt.NDArray[np.float64]

_IN_PLACE = 1 / 6
"""A box that was left by less than this part of its side overlaps with where its object is by 0.7."""

_AT_MOST = 1 / 3
"""A box that is off by this part of its side overlaps with where its object is by 0.5: no more doubt is borne."""

_SURE = 2.0
"""Standard deviations: nineteen times out of twenty."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """tracks: where they are now. all_still: none has left its place. doubtful: some are too uncertain, or not yet
    believed. unexplained: something moved where no track is.
    """

    tracks: Tracks
    all_still: bool
    doubtful: bool
    unexplained: bool


def explain(tracks: Tracks, moved: npt.NDArray[np.bool_], cell: float, passed: int) -> Explained:
    """Explain by the tracks of the last look, `passed` ns ago, which cells (rows, columns) moved since then.

    A track is still where nothing moved around its box: whatever moved inside, it has not left it. The others coast,
    and the doubt about them is what the time without a look has added. cell: pixels along a cell's side.
    """
    if not moved.any():
        rest = replace(tracks.motion, velocity=np.zeros_like(tracks.motion.velocity))
        held = replace(tracks, stamp=tracks.stamp + passed, motion=rest)
        return Explained(held, all_still=True, doubtful=tracks.tentative > 0, unexplained=False)
    then = tracks.box.astype(np.float64)
    side = np.maximum(then[:, 2:] - then[:, :2], 1.0)
    still = np.array([not _left(then[i : i + 1], side[i : i + 1], moved, cell) for i in range(len(tracks))], np.bool_)
    coasting = tracks.at(tracks.stamp + passed)
    added = np.maximum(coasting.motion.pp[:, :2] - tracks.motion.pp[:, :2], 0.0)
    doubt = np.where(still[:, None], 0.0, _SURE * np.sqrt(added))
    now = _held(tracks, coasting, still)
    allowed = _AT_MOST * side + cell
    hidden = tracks.hidden.box.astype(np.float64)
    explained = (
        covered(then, allowed, cell, moved.shape)
        | covered(now.box.astype(np.float64), allowed + doubt, cell, moved.shape)
        | covered(hidden, np.full((len(hidden), 2), cell), cell, moved.shape)
    )
    share = doubt / side
    return Explained(
        now,
        bool(still.all()),
        tracks.tentative > 0 or bool((share[:, 0] + share[:, 1] > _AT_MOST).any()),
        bool((moved & ~explained).any()),
    )


def _left(box: Floats, side: Floats, moved: npt.NDArray[np.bool_], cell: float) -> bool:
    """Say whether something moved around a box (1, 4): between a sixth and a third of its side away from it."""
    near, far = (covered(box, part * side + cell, cell, moved.shape) for part in (_IN_PLACE, _AT_MOST))
    return bool((moved & far & ~near).any())


def _held(tracks: Tracks, coasting: Tracks, still: npt.NDArray[np.bool_]) -> Tracks:
    """Return the tracks with those that are still at rest where they were, and the others where they coast to."""
    rest, going = tracks.motion, coasting.motion
    at_rest = replace(rest, velocity=np.zeros_like(rest.velocity))
    rows = still[:, None]
    motion = Motion(*(np.where(rows, getattr(at_rest, e.name), getattr(going, e.name)) for e in fields(Motion)))
    points = coasting.keypoints
    if points is not None and tracks.keypoints is not None:
        points = replace(points, point=np.where(rows[:, :, None], tracks.keypoints.point, points.point))
    return replace(coasting, box=np.where(rows, tracks.box, coasting.box), keypoints=points, motion=motion)
