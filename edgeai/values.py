"""What models find: the values of results. All are frozen; arrays in them are to be read, not written.

Geometry is in pixels of the source frame, x to the right and y down, boxes as (x1, y1, x2, y2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "UNSEEN",
    "ClassMap",
    "Classification",
    "Column",
    "Detections",
    "Embedding",
    "Keypoints",
    "Regression",
    "Score",
    "Tensors",
]

UNSEEN = 255
"""What a class map holds for the parts of a frame that the model did not see."""


@dataclass(frozen=True, slots=True)
class Column:
    """A named quantity with its unit (`1` when it has none)."""

    name: str
    unit: str = "1"


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Named points of n bodies or faces.

    point: float32 (n, k, 2) as x, y in pixels of the source frame; score: float32 (n, k) in 0..1, None where the model
    gives none; name: k names; skeleton: pairs of points (by position) that a line joins.
    """

    point: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32] | None
    name: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.point)

    def __getitem__(self, name: str) -> npt.NDArray[np.float32]:
        """Return the points of that name, float32 (n, 2)."""
        if name not in self.name:
            raise KeyError(f"there is no keypoint {name!r}, there are {list(self.name)}")
        return self.point[:, self.name.index(name)]

    def take(self, rows: Sequence[int]) -> Keypoints:
        """Return the bodies or faces at these positions."""
        picked = list(rows)
        score = None if self.score is None else self.score[picked]
        return Keypoints(self.point[picked], score, self.name, self.skeleton)

    def rows(self) -> list[dict[str, list[float]]]:
        """Return one {name: [x, y] or [x, y, score]} a body or face, in plain Python values."""
        rows = []
        for i, points in enumerate(self.point.tolist()):
            scores = [[]] * len(points) if self.score is None else [[round(s, 6)] for s in self.score[i].tolist()]
            placed = ([round(x, 2), round(y, 2), *score] for (x, y), score in zip(points, scores, strict=True))
            rows.append(dict(zip(self.name, placed, strict=True)))
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Objects found in a frame, one row each, best score first.

    box: float32 (n, 4) as x1, y1, x2, y2 in pixels of the source frame, which they may reach beyond; score: float32
    (n,) in 0..1; class_id: int32 (n,); label: n strings; track_id: int32 (n,) or None where nothing tracks; keypoints:
    the points of each object, None where the model gives none.
    """

    box: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int32]
    label: tuple[str, ...]
    track_id: npt.NDArray[np.int32] | None = None
    keypoints: Keypoints | None = None

    def __len__(self) -> int:
        return len(self.label)

    def rows(self) -> list[dict[str, Any]]:
        """Return one {label, class_id, score, box[, track_id][, keypoints]} a detection, in plain Python values."""
        rows: list[dict[str, Any]] = []
        points = None if self.keypoints is None else self.keypoints.rows()
        for i, label in enumerate(self.label):
            row: dict[str, Any] = {
                "label": label,
                "class_id": int(self.class_id[i]),
                "score": round(float(self.score[i]), 6),
                "box": [round(float(edge), 2) for edge in self.box[i]],
            }
            if self.track_id is not None:
                row["track_id"] = int(self.track_id[i])
            if points is not None:
                row["keypoints"] = points[i]
            rows.append(row)
        return rows

    def take(self, rows: Sequence[int]) -> Detections:
        """Return the detections at these positions, in this order."""
        picked = list(rows)
        return Detections(
            self.box[picked],
            self.score[picked],
            self.class_id[picked],
            tuple([self.label[i] for i in picked]),
            None if self.track_id is None else self.track_id[picked],
            None if self.keypoints is None else self.keypoints.take(picked),
        )

    def keep(self, *labels: str, score: float = 0.0) -> Detections:
        """Return the detections with one of these labels (all, when none is given) and at least this score."""
        return self.take(
            [i for i, label in enumerate(self.label) if (not labels or label in labels) and self.score[i] >= score]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """The most probable classes of a frame, best first: score float32 (k,), class_id int32 (k,), k labels."""

    score: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int32]
    label: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.label)

    def rows(self) -> list[dict[str, Any]]:
        """Return one {label, class_id, score} a class, in plain Python values."""
        return [
            {"label": label, "class_id": int(self.class_id[i]), "score": round(float(self.score[i]), 6)}
            for i, label in enumerate(self.label)
        ]


@dataclass(frozen=True, slots=True)
class Regression:
    """Named values with units."""

    values: tuple[float, ...]
    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> float:
        return self.as_dict()[name]

    def as_dict(self) -> dict[str, float]:
        """Return {column name: value}."""
        return {column.name: value for column, value in zip(self.columns, self.values, strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class Tensors:
    """The outputs of a model as they are, dequantized to float32 where they were quantized, by tensor name."""

    tensors: Mapping[str, npt.NDArray[Any]]

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.tensors[name]


@dataclass(frozen=True, slots=True, eq=False)
class ClassMap:
    """A class for each pixel, at the model's resolution; `at` gives it at the frame's.

    class_id: (h, w) unsigned integers, which lie on the part `area` (x, y, width, height in pixels) of the frame of
    size `frame` (width, height); label: one name for each class.
    """

    class_id: npt.NDArray[Any]
    label: tuple[str, ...]
    frame: tuple[int, int]
    area: tuple[int, int, int, int]

    def at(self, size: tuple[int, int] | None = None) -> npt.NDArray[Any]:
        """Return the classes (height, width) of the frame at its own size, or at `size` (width, height).

        Each pixel has the class at its centre: classes are not interpolated. What the model did not see is UNSEEN.
        Computed on each call; keep the answer where it is needed twice.
        """
        size = size or self.frame
        (left, right, columns), (top, bottom, rows) = (self._places(axis, size[axis]) for axis in (0, 1))
        seen = self.class_id.take(rows, axis=0).take(columns, axis=1)
        if (right - left, bottom - top) == size:
            return seen
        whole = np.full((size[1], size[0]), UNSEEN, self.class_id.dtype)
        whole[top:bottom, left:right] = seen
        return whole

    def _places(self, axis: int, wanted: int) -> tuple[int, int, npt.NDArray[np.int64]]:
        """Return which of `wanted` pixels along an axis were seen, from and to, and where each lies in the map.

        In integers: pixel i has its centre at (2 i + 1) / (2 wanted) of the frame's side.
        """
        whole, start, extent = self.frame[axis], self.area[axis], self.area[axis + 2]
        held = self.class_id.shape[1 - axis]
        doubled = (2 * np.arange(wanted, dtype=np.int64) + 1) * whole - 2 * wanted * start
        inside = np.flatnonzero((doubled >= 0) & (doubled < 2 * wanted * extent))
        if not len(inside):
            return 0, 0, inside
        return int(inside[0]), int(inside[-1]) + 1, doubled[inside] * held // (2 * wanted * extent)

    def rows(self) -> list[dict[str, Any]]:
        """Return one {label, class_id, share} for each class that is there, the largest share of the map first."""
        counts = np.bincount(self.class_id.ravel(), minlength=1).tolist()
        found = sorted((-count, class_id) for class_id, count in enumerate(counts) if count)
        return [
            {"label": self.name(class_id), "class_id": class_id, "share": round(-count / self.class_id.size, 6)}
            for count, class_id in found
        ]

    def name(self, class_id: int) -> str:
        """Return the name of a class, its number where it has none."""
        return self.label[class_id] if class_id < len(self.label) else str(class_id)


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A picture, sound or motion as a point in a space where alike things lie close: float32 (n,)."""

    vector: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.vector)

    def cosine(self, other: Embedding) -> float:
        """Return the cosine of the angle to another embedding of the same model: 1 for alike, -1 for opposite.

        a.b / (|a| |b|), 0 where one of them is all zeros. Raises ValueError for another length.
        """
        a, b = self.vector.tolist(), other.vector.tolist()
        if len(a) != len(b):
            raise ValueError(
                f"embeddings of {len(a)} and {len(b)} numbers are not of one model: compare like with like"
            )
        scale = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(y * y for y in b))
        return math.fsum(x * y for x, y in zip(a, b, strict=True)) / scale if scale else 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """One number, and whether it is enough: how surely something is there, or how unusual something is.

    `threshold` is None where nobody said how much is enough.
    """

    name: str
    value: float
    threshold: float | None = None

    @property
    def over(self) -> bool:
        """True when the value reaches the threshold; False without a threshold."""
        return self.threshold is not None and self.value >= self.threshold

    def as_dict(self) -> dict[str, Any]:
        """Return {name, value, threshold, over}."""
        return {"name": self.name, "value": self.value, "threshold": self.threshold, "over": self.over}
