"""The tracker: detections come in, tracks with numbers go out.

Two rounds of association after ByteTrack (Zhang et al., ECCV 2022): sure detections first, then the doubtful ones with
the tracks that are left, for a person half hidden scores low at the very place where one is expected. Everything that
depends on time depends on seconds, not on frames, so that the rate may change at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeai.messages import Detections
from edgeai.perception.tracking.association import assign, overlaps, require_scipy
from edgeai.perception.tracking.book import Book, empty, opened, seen, tracks_of
from edgeai.perception.tracking.motion import boxes_of, predict, select, spread
from edgeai.perception.tracking.tracks import Tracks
from edgeai.quantities import Duration, Fraction

__all__ = ["TrackOptions", "Tracker"]

_NS = 1_000_000_000

Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_ALIKE = 0.2
"""Least overlap of a sure detection and a track, both grown by the doubt about the track (ByteTrack's figure)."""

_ALIKE_DOUBTFUL = 0.5
"""Least overlap of a doubtful detection and a track: what is not sure must at least be in place."""


@dataclass(frozen=True, kw_only=True)
class TrackOptions:
    """What a tracker is told.

    sure: score from which a detection may start a track. doubtful: score from which it may keep one alive.
    memory: seconds a track is remembered without being seen. confirm: detections after which a track is believed.
    """

    sure: Fraction = 0.5
    doubtful: Fraction = 0.1
    memory: Duration = 2.0
    confirm: int = 2


class Tracker:
    """Numbers objects. Call `update` with each result; `book` is all it knows, and may be set to go on from there."""

    def __init__(self, options: TrackOptions | None = None, book: Book | None = None) -> None:
        """Raises PluginError where scipy is not installed."""
        require_scipy()
        self.options = options or TrackOptions()
        self.book = book or empty()

    def update(self, found: Detections, stamp: int) -> Tracks:
        """Return the believed tracks seen now (best score first), and those that are hidden.

        found: detections of one frame, captured at `stamp` (ns). A result that comes after a later one is numbered by
        what is known by now, and teaches nothing.
        """
        if self.book.stamp is not None and stamp < self.book.stamp:
            return tracks_of(self._advanced(found, stamp), found, self.options.confirm)
        first = self.book.stamp is None
        book = self._advanced(found, stamp)
        boxes = _boxes(found)
        born = np.setdiff1d(_between(found, boxes, self.options.sure, np.inf), book.row)
        # Whoever is there when we begin to look has been there before.
        book = opened(book, found, boxes, born, self.options.confirm if first else 1)
        alive = (stamp - book.seen <= self.options.memory * _NS) & (
            (book.hits >= self.options.confirm) | (book.seen == stamp)
        )
        self.book = book.pick(np.flatnonzero(alive))
        return tracks_of(self.book, found, self.options.confirm)

    def _advanced(self, found: Detections, stamp: int) -> Book:
        """Return the book at `stamp`, its tracks corrected by the detections that are theirs.

        The sure detections choose first, among all tracks; the doubtful ones among the believed tracks that are left.
        """
        book, boxes = self.book, _boxes(found)
        dt = 0.0 if book.stamp is None else (stamp - book.stamp) / _NS
        book = replace(book, motion=predict(book.motion, dt))
        sure = _between(found, boxes, self.options.sure, np.inf)
        doubtful = _between(found, boxes, self.options.doubtful, self.options.sure)
        everyone = np.arange(len(book.number))
        rows, columns = assign(_likeness(book, everyone, found, boxes, sure), _ALIKE)
        left = np.setdiff1d(everyone, rows)
        left = left[book.hits[left] >= self.options.confirm]
        more, others = assign(_likeness(book, left, found, boxes, doubtful), _ALIKE_DOUBTFUL)
        tracks = np.concatenate([rows, left[more]])
        return seen(book, tracks, found, boxes, np.concatenate([sure[columns], doubtful[others]]), stamp)


def _boxes(found: Detections) -> Floats:
    return np.asarray(found.box, np.float64).reshape(-1, 4)


def _between(found: Detections, boxes: Floats, least: float, below: float) -> Rows:
    """Return the detections with a score in [least, below) whose boxes are finite and not inverted."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    proper = np.isfinite(boxes).all(axis=1) & (width > 0.0) & (height > 0.0)
    return np.flatnonzero(proper & (found.score >= least) & (found.score < below))


def _likeness(book: Book, tracks: Rows, found: Detections, boxes: Floats, rows: Rows) -> Floats:
    """Return the overlap (tracks, detections) with the doubt about each track, -1 for other classes."""
    mine = select(book.motion, tracks)
    likeness = overlaps(boxes_of(mine), boxes[rows], spread(mine))
    return np.where(book.class_id[tracks][:, None] == found.class_id[rows][None, :], likeness, -1.0)
