"""The tracker: detections come in, tracks with numbers go out.

Two rounds of association after ByteTrack (Zhang et al., ECCV 2022): sure detections first, then the doubtful ones with
the tracks that are left, for a person half hidden scores low at the very place where one is expected. Everything that
depends on time depends on seconds, not on frames, so that the rate may change at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Detections
from edgeai.perception.tracking.association import assign, overlaps, require_scipy
from edgeai.perception.tracking.book import Book, empty, opened, seen, tracks_of
from edgeai.perception.tracking.motion import Motion, boxes_of, predict, select, spread
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
        shown = _shown(found, self.options)
        if self.book.stamp is not None and stamp < self.book.stamp:
            return tracks_of(self._advanced(shown, stamp), found, self.options.confirm)
        first = self.book.stamp is None
        book = self._advanced(shown, stamp)
        born = _without(shown.sure, book.row[book.row >= 0], len(found))
        # Whoever is there when we begin to look has been there before.
        book = opened(book, found, shown.boxes, born, self.options.confirm if first else 1)
        alive = (stamp - book.seen <= self.options.memory * _NS) & (
            (book.hits >= self.options.confirm) | (book.seen == stamp)
        )
        self.book = book if alive.all() else book.pick(np.flatnonzero(alive))
        return tracks_of(self.book, found, self.options.confirm)

    def _advanced(self, shown: _Shown, stamp: int) -> Book:
        """Return the book at `stamp`, its tracks corrected by the detections that are theirs.

        The sure detections choose first, among all tracks; the doubtful ones among the believed tracks that are left.
        """
        book = self.book
        dt = 0.0 if book.stamp is None else (stamp - book.stamp) / _NS
        motion = predict(book.motion, dt)
        tracks, columns = assign(_likeness(motion, book.class_id, shown, shown.sure), _ALIKE)
        detections = shown.sure[columns]
        if len(shown.doubtful):
            believed = np.flatnonzero(book.hits >= self.options.confirm)
            left = _without(believed, tracks, len(book.hits))
            likeness = _likeness(select(motion, left), book.class_id[left], shown, shown.doubtful)
            more, others = assign(likeness, _ALIKE_DOUBTFUL)
            tracks = np.concatenate([tracks, left[more]])
            detections = np.concatenate([detections, shown.doubtful[others]])
        return seen(book, motion, tracks, shown.found, shown.boxes, detections, stamp)


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A result as the tracker takes it: its boxes as float64, and the rows of what is sure and what is doubtful."""

    found: Detections
    boxes: Floats
    sure: Rows
    doubtful: Rows


def _shown(found: Detections, options: TrackOptions) -> _Shown:
    """Sort detections by their scores; boxes that are not finite, or inverted, are no place a track could be."""
    boxes = np.asarray(found.box, np.float64).reshape(-1, 4)
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    proper = np.isfinite(boxes).all(axis=1) & (width > 0.0) & (height > 0.0)
    sure = proper & (found.score >= options.sure)
    doubtful = proper & ~sure & (found.score >= options.doubtful)
    return _Shown(found, boxes, np.flatnonzero(sure), np.flatnonzero(doubtful))


def _without(rows: Rows, taken: npt.NDArray[np.integer[Any]], n: int) -> Rows:
    """Return those of some rows below n that are not taken."""
    free = np.ones(n, np.bool_)
    free[taken] = False
    return rows[free[rows]]


def _likeness(motion: Motion, class_id: npt.NDArray[np.int64], shown: _Shown, rows: Rows) -> Floats:
    """Return the overlap (tracks, detections) with the doubt about each track, -1 for other classes."""
    likeness = overlaps(boxes_of(motion), shown.boxes[rows], spread(motion))
    return np.where(class_id[:, None] == shown.found.class_id[rows], likeness, -1.0)
