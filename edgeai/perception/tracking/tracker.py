"""The tracker: detections in the order of time come in, tracks with numbers go out.

Two rounds of association after ByteTrack (Zhang et al., ECCV 2022): sure detections first, then the doubtful ones with
the tracks that are left, for a person half hidden scores low at the very place where one is expected. Everything that
depends on time depends on seconds, not on frames, so that the rate may change at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeai.messages import Detections
from edgeai.perception.tracking.association import assign, overlaps
from edgeai.perception.tracking.motion import Motion, boxes_of, correct, predict, select, spread, start
from edgeai.perception.tracking.tracks import Tracks
from edgeai.quantities import Duration, Fraction

__all__ = ["TrackOptions", "Tracker"]

_NS = 1_000_000_000

Ints = npt.NDArray[np.int64]
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


@dataclass(frozen=True, slots=True, eq=False)
class _Book:
    """What is known of each track; the rows of `motion` and of every array belong together."""

    motion: Motion
    number: Ints
    class_id: Ints
    label: tuple[str, ...]
    score: Floats
    hits: Ints
    seen: Ints

    def pick(self, rows: Rows) -> _Book:
        return _Book(
            select(self.motion, rows),
            self.number[rows],
            self.class_id[rows],
            tuple(self.label[i] for i in rows),
            self.score[rows],
            self.hits[rows],
            self.seen[rows],
        )


class Tracker:
    """Numbers objects. Call `update` with each result, in the order of stamps."""

    def __init__(self, options: TrackOptions | None = None) -> None:
        self.options = options or TrackOptions()
        self._book = _empty()
        self._stamp: int | None = None
        self._next = 1

    def update(self, found: Detections, stamp: int) -> Tracks:
        """Return the believed tracks seen now (best score first), and those that are hidden.

        found: detections of one frame, captured at `stamp` (ns). An older stamp than the last one raises ValueError.
        """
        if self._stamp is not None and stamp < self._stamp:
            raise ValueError(f"the tracker has seen {self._stamp} and is handed {stamp}: results must come in order")
        first = self._stamp is None
        dt = 0.0 if self._stamp is None else (stamp - self._stamp) / _NS
        self._stamp = stamp
        book = self._book
        motion = predict(book.motion, dt)
        boxes = np.asarray(found.box, np.float64).reshape(-1, 4)
        usable = _proper(boxes)
        sure = usable[found.score[usable] >= self.options.sure]
        doubtful = usable[(found.score[usable] >= self.options.doubtful) & (found.score[usable] < self.options.sure)]
        tracks, detections = self._associate(book, motion, found, boxes, sure, doubtful)
        motion = _corrected(motion, tracks, boxes[detections])
        book = _seen(book, motion, tracks, found, detections, stamp)
        born = np.setdiff1d(sure, detections)
        book = self._with_born(book, found, boxes, born, stamp, believed=first)
        alive = (stamp - book.seen <= self.options.memory * _NS) & (
            (book.hits >= self.options.confirm) | (book.seen == stamp)
        )
        self._book = book.pick(np.flatnonzero(alive))
        return self._answer(stamp)

    def _associate(
        self, book: _Book, motion: Motion, found: Detections, boxes: Floats, sure: Rows, doubtful: Rows
    ) -> tuple[Rows, Rows]:
        """Return (rows of tracks, rows of detections) that belong together.

        The sure detections choose first, among all tracks; the doubtful ones among the believed tracks that are left.
        """
        everyone = np.arange(len(motion))
        rows, columns = assign(_likeness(book, motion, everyone, found, boxes, sure), _ALIKE)
        left = np.setdiff1d(everyone, rows)
        left = left[book.hits[left] >= self.options.confirm]
        more, others = assign(_likeness(book, motion, left, found, boxes, doubtful), _ALIKE_DOUBTFUL)
        return np.concatenate([rows, left[more]]), np.concatenate([sure[columns], doubtful[others]])

    def _with_born(
        self, book: _Book, found: Detections, boxes: Floats, born: Rows, stamp: int, *, believed: bool
    ) -> _Book:
        """Add a track for each sure detection that is none yet; on the first frame all are believed."""
        if not len(born):
            return book
        n = len(born)
        fresh = start(boxes[born])
        numbers = np.arange(self._next, self._next + n)
        self._next += n
        return _Book(
            Motion(*(np.concatenate([getattr(book.motion, f), getattr(fresh, f)]) for f in Motion.__slots__)),
            np.concatenate([book.number, numbers]),
            np.concatenate([book.class_id, found.class_id[born]]),
            (*book.label, *(found.label[i] for i in born)),
            np.concatenate([book.score, found.score[born]]),
            np.concatenate([book.hits, np.full(n, self.options.confirm if believed else 1)]),
            np.concatenate([book.seen, np.full(n, stamp)]),
        )

    def _answer(self, stamp: int) -> Tracks:
        book = self._book
        believed = book.hits >= self.options.confirm
        order = np.argsort(-book.score, kind="stable")
        seen = order[believed[order] & (book.seen[order] == stamp)]
        hidden = order[believed[order] & (book.seen[order] < stamp)]
        shown, away = book.pick(seen), book.pick(hidden)
        return Tracks(
            *_columns(shown),
            stamp=stamp,
            motion=shown.motion,
            hidden=Detections(*_columns(away)),
            hidden_motion=away.motion,
        )


def _proper(boxes: Floats) -> Rows:
    """Return the rows of boxes that are finite and not inverted; others are no place a track could be."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return np.flatnonzero(np.isfinite(boxes).all(axis=1) & (width > 0.0) & (height > 0.0))


def _empty() -> _Book:
    none, number = np.zeros((0, 4)), np.zeros(0, np.int64)
    return _Book(Motion(none, none, none, none, none), number, number, (), np.zeros(0), number, number)


def _likeness(book: _Book, motion: Motion, tracks: Rows, found: Detections, boxes: Floats, rows: Rows) -> Floats:
    """Return the overlap (tracks, detections) with the doubt about each track, -1 for other classes."""
    mine = select(motion, tracks)
    likeness = overlaps(boxes_of(mine), boxes[rows], spread(mine))
    return np.where(book.class_id[tracks][:, None] == found.class_id[rows][None, :], likeness, -1.0)


def _corrected(motion: Motion, tracks: Rows, boxes: Floats) -> Motion:
    better = correct(select(motion, tracks), boxes)
    arrays = [getattr(motion, name).copy() for name in Motion.__slots__]
    for array, name in zip(arrays, Motion.__slots__, strict=True):
        array[tracks] = getattr(better, name)
    return Motion(*arrays)


def _seen(book: _Book, motion: Motion, tracks: Rows, found: Detections, rows: Rows, stamp: int) -> _Book:
    score, hits, seen = book.score.copy(), book.hits.copy(), book.seen.copy()
    score[tracks] = found.score[rows]
    hits[tracks] += 1
    seen[tracks] = stamp
    return _Book(motion, book.number, book.class_id, book.label, score, hits, seen)


def _columns(
    book: _Book,
) -> tuple[
    npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int32], tuple[str, ...], npt.NDArray[np.int32]
]:
    return (
        boxes_of(book.motion).astype(np.float32),
        book.score.astype(np.float32),
        book.class_id.astype(np.int32),
        book.label,
        book.number.astype(np.int32),
    )
