"""How far the tracks explain what moved, and whether it is known well enough where they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from edgeai.perception.gating.regions import part
from edgeai.perception.tracking.motion import Motion
from edgeai.perception.tracking.tracks import Tracks

__all__ = ["Explained", "explain"]

Cells = npt.NDArray[np.bool_]
Pair = tuple[float, float]

_IN_PLACE = 1 / 6
"""A box that was left by less than this part of its side overlaps with where its object is by 0.7."""

_AT_MOST = 1 / 3
"""A box that is off by this part of its side overlaps with where its object is by 0.5: no more doubt is borne."""

_SURE = 2.0
"""Standard deviations: nineteen times out of twenty."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What the tracks say of a frame that no model has looked at.

    tracks: where they are now. all_still: none has left its place. doubtful: some are too uncertain, or not yet
    believed. unexplained: something moved where no track is.
    """

    tracks: Tracks
    all_still: bool
    doubtful: bool
    unexplained: bool


def explain(tracks: Tracks, moved: Cells, cell: float, passed: int) -> Explained:
    """Explain by the tracks of the last look, `passed` ns ago, which cells (rows, columns) moved since then.

    A track is still where nothing moved around its box: whatever moved inside, it has not left it. The others coast,
    and the doubt about them is what the time without a look has added. cell: pixels along a cell's side.
    """
    anything = bool(moved.any())
    then = tracks.box.tolist()
    still = [not (anything and _left(box, moved, cell)) for box in then]
    now, doubt = _at_rest(tracks, passed), [(0.0, 0.0)] * len(tracks)
    if not all(still):
        coasting = tracks.at(tracks.stamp + passed)
        doubt = _doubt(tracks.motion, coasting.motion, still)
        now = _either(now, coasting, np.array(still))
    sides = [(max(x2 - x1, 1.0), max(y2 - y1, 1.0)) for x1, y1, x2, y2 in then]
    share = [dx / width + dy / height for (dx, dy), (width, height) in zip(doubt, sides, strict=True)]
    return Explained(
        now,
        all(still),
        tracks.tentative > 0 or any(each > _AT_MOST for each in share),
        anything and _unexplained(moved, cell, then, now, doubt),
    )


def _left(box: Sequence[float], moved: Cells, cell: float) -> bool:
    """Say whether something moved around a box: between a sixth and a third of its side away from it."""
    near, far = (moved[part(box, _margin(box, share, cell), cell)] for share in (_IN_PLACE, _AT_MOST))
    return bool(np.count_nonzero(far) > np.count_nonzero(near))


def _margin(box: Sequence[float], share: float, cell: float) -> Pair:
    x1, y1, x2, y2 = box
    return share * (x2 - x1) + cell, share * (y2 - y1) + cell


def _at_rest(tracks: Tracks, passed: int) -> Tracks:
    rest = replace(tracks.motion, velocity=np.zeros_like(tracks.motion.velocity))
    return replace(tracks, stamp=tracks.stamp + passed, motion=rest)


def _doubt(then: Motion, now: Motion, still: list[bool]) -> list[Pair]:
    """Return the pixels in x and y by which each track may be off, for the time without a look."""
    added = np.maximum(now.pp[:, :2] - then.pp[:, :2], 0.0).tolist()
    return [
        (0.0, 0.0) if rests else (_SURE * math.sqrt(x), _SURE * math.sqrt(y))
        for (x, y), rests in zip(added, still, strict=True)
    ]


def _either(resting: Tracks, coasting: Tracks, still: Cells) -> Tracks:
    """Return the tracks, those that are still at rest, the others coasting."""
    rows = still[:, None]
    motion = (np.where(rows, getattr(resting.motion, e.name), getattr(coasting.motion, e.name)) for e in fields(Motion))
    points = coasting.keypoints
    if points is not None and resting.keypoints is not None:
        points = replace(points, point=np.where(rows[:, :, None], resting.keypoints.point, points.point))
    box = np.where(rows, resting.box, coasting.box)
    return replace(coasting, box=box, keypoints=points, motion=Motion(*motion))


def _unexplained(moved: Cells, cell: float, then: Sequence[Sequence[float]], now: Tracks, doubt: list[Pair]) -> bool:
    """Say whether something moved away from where the tracks were, are, or are hidden."""
    rest = moved.copy()
    for was, box, (dx, dy) in zip(then, now.box.tolist(), doubt, strict=True):
        across, down = _margin(was, _AT_MOST, cell)
        rest[part(was, (across, down), cell)] = False
        rest[part(box, (across + dx, down + dy), cell)] = False
    for box in now.hidden.box.tolist():
        rest[part(box, (cell, cell), cell)] = False
    return bool(rest.any())
