"""What a tracker knows: one row a track, and all of it frozen, so that it can be kept, compared and restored."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Detections
from edgeai.perception.tracking.motion import Motion, boxes_of, correct, joined, select, start
from edgeai.perception.tracking.tracks import Tracks

__all__ = ["Book", "empty", "opened", "seen", "tracks_of"]

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """The tracks as of `stamp` (ns, None before the first result); the rows of `motion` and of all arrays correspond.

    upcoming: the number the next track gets. number, class_id: of each track. score: when it was last seen. hits: how
    often it was seen. seen: when it was last seen (ns). row: which detection of the last result it was, -1 for none.
    """

    stamp: int | None
    upcoming: int
    motion: Motion
    number: npt.NDArray[np.int64]
    class_id: npt.NDArray[np.int64]
    label: tuple[str, ...]
    score: npt.NDArray[np.float64]
    hits: npt.NDArray[np.int64]
    seen: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]

    def pick(self, rows: Rows) -> Book:
        """Return a book of some of the tracks, in this order."""
        picked = {name: getattr(self, name)[rows] for name in _COLUMNS}
        label = tuple([self.label[i] for i in rows])
        return replace(self, motion=select(self.motion, rows), label=label, **picked)


_COLUMNS = ("number", "class_id", "score", "hits", "seen", "row")


def empty() -> Book:
    """Return a book that knows nothing."""
    none = np.zeros((0, 4))
    number = np.zeros(0, np.int64)
    return Book(None, 1, Motion(none, none, none, none, none), number, number, (), np.zeros(0), number, number, number)


def seen(book: Book, tracks: Rows, found: Detections, boxes: npt.NDArray[np.float64], rows: Rows, stamp: int) -> Book:
    """Return the book after `tracks` were seen as the detections `rows` of what was found at `stamp`.

    The motion in `book` is that of `stamp` already; boxes: those of `found` as float64.
    """
    columns: dict[str, Any] = {name: getattr(book, name).copy() for name in ("score", "hits", "seen")}
    columns["score"][tracks] = found.score[rows]
    columns["hits"][tracks] += 1
    columns["seen"][tracks] = stamp
    row = np.full(len(book.number), -1)
    row[tracks] = rows
    better = correct(select(book.motion, tracks), boxes[rows])
    arrays = {each.name: getattr(book.motion, each.name).copy() for each in fields(Motion)}
    for name, array in arrays.items():
        array[tracks] = getattr(better, name)
    return replace(book, stamp=stamp, motion=Motion(**arrays), row=row, **columns)


def opened(book: Book, found: Detections, boxes: npt.NDArray[np.float64], rows: Rows, hits: int) -> Book:
    """Return the book with a new track for each of these detections, as if seen `hits` times."""
    n = len(rows)
    if not n:
        return book
    fresh: dict[str, Any] = {
        "number": np.arange(book.upcoming, book.upcoming + n),
        "class_id": found.class_id[rows].astype(np.int64),
        "score": found.score[rows].astype(np.float64),
        "hits": np.full(n, hits),
        "seen": np.full(n, book.stamp),
        "row": rows,
    }
    columns: dict[str, Any] = {name: np.concatenate([getattr(book, name), fresh[name]]) for name in _COLUMNS}
    return replace(
        book,
        upcoming=book.upcoming + n,
        motion=joined(book.motion, start(boxes[rows])),
        label=(*book.label, *(found.label[i] for i in rows)),
        **columns,
    )


def tracks_of(book: Book, found: Detections, confirm: int) -> Tracks:
    """Return the believed tracks of a book, best score first: those seen in `found`, its last result, and the others.

    confirm: how often a track was seen before it is believed.
    """
    assert book.stamp is not None
    believed = book.hits >= confirm
    order = np.argsort(-book.score, kind="stable")
    shown = book.pick(order[believed[order] & (book.row[order] >= 0)])
    away = book.pick(order[believed[order] & (book.row[order] < 0)])
    return Tracks(
        *_columns(shown),
        keypoints=None if found.keypoints is None else found.keypoints.take(shown.row.tolist()),
        stamp=book.stamp,
        motion=shown.motion,
        hidden=Detections(*_columns(away)),
        hidden_motion=away.motion,
        tentative=int(np.count_nonzero(~believed)),
    )


def _columns(
    book: Book,
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
