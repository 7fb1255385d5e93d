"""MOTChallenge: a folder with gt/gt.txt, and the film's pictures in img1/; also the results of a tracker."""

from __future__ import annotations

import configparser
import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.clock import NS
from edgeai.workbench.datasets.sample import Boxes, Sample, refuse
from edgeai.workbench.datasets.store import PICTURES, Store, load_input, read_text

__all__ = ["Mot", "read_rows", "tracks_of"]

_RATE = 25.0
"""Pictures a second where there is no seqinfo.ini to tell."""
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Mot:
    """The frames of a film with numbered people; rows whose confidence is 0 are left out, as the challenge does."""

    name: str
    store: Store
    truths: dict[int, Boxes]
    pictures: tuple[str, ...]
    rate: float
    classes: tuple[str, ...] = ("person",)

    @classmethod
    def of(cls, store: Store) -> Mot | None:
        """Read a film's truth, None where the store has none. Raises ConfigError."""
        if "gt/gt.txt" not in store.names:
            return None
        rows = read_rows(read_text(store, "gt/gt.txt"), "gt/gt.txt")
        truths = tracks_of(rows[rows[:, 6] != 0] if rows.shape[1] > 6 else rows)
        pictures = tuple(name for name in store.ending(*PICTURES) if name.startswith("img1/"))
        return cls(store.path.name, store, truths, pictures, _rate(store))

    def __len__(self) -> int:
        return len(self.pictures) or max(self.truths)

    def __iter__(self) -> Iterator[Sample]:
        for number in range(1, len(self) + 1):
            yield Sample(str(number), functools.partial(self._load, number), self.truths.get(number, _NONE))

    def _load(self, number: int) -> Any:
        if not self.pictures:
            raise refuse(f"{self.store.path} without pictures in img1/", "the film, or a tracker's results to judge")
        return load_input(self.store, self.pictures[number - 1], number, round(number * NS / self.rate))


_NONE = Boxes(np.zeros((0, 4)), (), (), track_id=())


def _rate(store: Store) -> float:
    if "seqinfo.ini" not in store.names:
        return _RATE
    parser = configparser.ConfigParser()
    try:
        parser.read_string(read_text(store, "seqinfo.ini"))
        rate = parser.getfloat("Sequence", "frameRate", fallback=_RATE)
    except (configparser.Error, ValueError) as error:
        raise refuse(f"seqinfo.ini in {store.path}, which cannot be understood", "frameRate = 25") from error
    if not 0 < rate <= 10_000:
        raise refuse(f"frameRate = {rate:g} in {store.path}", "pictures a second")
    return rate


def read_rows(text: str, name: str) -> Rows:
    """Return rows of frame, number, left, top, width, height and more. Raises ConfigError."""
    try:
        rows = np.loadtxt(io.StringIO(text), delimiter=",", ndmin=2) if text.strip() else np.zeros((0, 0))
    except ValueError as error:
        raise refuse(f"{name}, which is no MOTChallenge file ({error})", "frame,id,left,top,width,height,…") from None
    if not len(rows) or rows.shape[1] < 6 or not np.isfinite(rows[:, :6]).all():
        raise refuse(f"{name} without rows of six numbers", "frame,id,left,top,width,height,…")
    return rows


def tracks_of(rows: Rows) -> dict[int, Boxes]:
    """Return {frame: numbered boxes}."""
    found = {}
    for frame in np.unique(rows[:, 0]).tolist():
        here = rows[rows[:, 0] == frame]
        box = np.hstack([here[:, 2:4], here[:, 2:4] + here[:, 4:6]])
        n = len(here)
        found[int(frame)] = Boxes(box, ("person",) * n, (0,) * n, track_id=tuple(int(i) for i in here[:, 1]))
    return found
