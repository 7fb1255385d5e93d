"""What a tracker knows: one row a track, and all of it frozen, so that it can be kept, compared and restored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Detections
from edgeai.perception.tracking.motion import Motion, boxes_of, correct, joined, put, select, start
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
        return Book(
            self.stamp,
            self.upcoming,
            select(self.motion, rows),
            self.number[rows],
            self.class_id[rows],
            self.labels(rows),
            self.score[rows],
            self.hits[rows],
            self.seen[rows],
            self.row[rows],
        )

    def labels(self, rows: Rows) -> tuple[str, ...]:
        """Return the labels of some of the tracks."""
        return tuple([self.label[i] for i in rows.tolist()])


_COLUMNS = ("number", "class_id", "score", "hits", "seen", "row")


def empty() -> Book:
    """Return a book that knows nothing."""
    none = np.zeros((0, 4))
    number = np.zeros(0, np.int64)
    return Book(None, 1, Motion(none, none, none, none, none), number, number, (), np.zeros(0), number, number, number)


def seen(
    book: Book,
    motion: Motion,
    tracks: Rows,
    found: Detections,
    boxes: npt.NDArray[np.float64],
    rows: Rows,
    stamp: int,
) -> Book:
    """Return the book after `tracks` were seen as the detections `rows` of what was found at `stamp`.

    motion: that of all tracks, predicted for `stamp`; boxes: those of `found` as float64.
    """
    score, hits, when = book.score.copy(), book.hits.copy(), book.seen.copy()
    score[tracks] = found.score[rows]
    hits[tracks] += 1
    when[tracks] = stamp
    row = np.full(len(book.number), -1)
    row[tracks] = rows
    motion = put(motion, tracks, correct(select(motion, tracks), boxes[rows]))
    return Book(stamp, book.upcoming, motion, book.number, book.class_id, book.label, score, hits, when, row)


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
    order = np.argsort(-book.score, kind="stable")
    believed = order[book.hits[order] >= confirm]
    is_shown = book.row[believed] >= 0
    shown, away = believed[is_shown], believed[~is_shown]
    motion, columns = _extract(book, shown)
    hidden_motion, hidden = _extract(book, away) if len(away) else _NOTHING
    return Tracks(
        *columns,
        keypoints=None if found.keypoints is None else found.keypoints.take(book.row[shown].tolist()),
        stamp=book.stamp,
        motion=motion,
        hidden=Detections(*hidden),
        hidden_motion=hidden_motion,
        tentative=len(order) - len(believed),
    )


_Columns = tuple[
    npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int32], tuple[str, ...], npt.NDArray[np.int32]
]


def _extract(book: Book, rows: Rows) -> tuple[Motion, _Columns]:
    """Return the motion of some of the tracks, and the columns of their detections."""
    motion = select(book.motion, rows)
    return motion, (
        boxes_of(motion).astype(np.float32),
        book.score[rows].astype(np.float32),
        book.class_id[rows].astype(np.int32),
        book.labels(rows),
        book.number[rows].astype(np.int32),
    )


_NOTHING = _extract(empty(), np.zeros(0, np.intp))
"""Most often nothing is hidden."""
