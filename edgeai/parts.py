"""What a model found in parts of a frame that were cut out for it. Frozen, as all values are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.values import Detections, Keypoints

__all__ = ["Part", "Parts"]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of a frame: its box, the row of the parent's box it was cut around, that one's track, and a value."""

    box: npt.NDArray[np.float32]
    parent: int
    track_id: int | None
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What was found in parts of a frame, one row a part, best score of the parent's box first. Iterates over `Part`s.

    box: float32 (n, 4), the parts as x1, y1, x2, y2 in pixels of the source frame; parent: int32 (n,), the rows of the
    parent's boxes; track_id: int32 (n,), the tracks of those, None where nothing tracks; value: n values, places in
    them in pixels of the source frame.
    """

    box: npt.NDArray[np.float32]
    parent: npt.NDArray[np.int32]
    track_id: npt.NDArray[np.int32] | None
    value: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Part]:
        for i, value in enumerate(self.value):
            track = None if self.track_id is None else int(self.track_id[i])
            yield Part(self.box[i], int(self.parent[i]), track, value)

    @property
    def detections(self) -> Detections | None:
        """All that was found in all parts, best score first; None where the parts hold no detections."""
        found = [value for value in self.value if isinstance(value, Detections)]
        if len(found) < len(self.value) or not found:
            return None
        merged = Detections(
            np.concatenate([each.box for each in found]),
            np.concatenate([each.score for each in found]),
            np.concatenate([each.class_id for each in found]),
            tuple([label for each in found for label in each.label]),
            None,
            _merged([each.keypoints for each in found]),
        )
        return merged.take(np.argsort(-merged.score, kind="stable").tolist())


def _merged(points: list[Keypoints | None]) -> Keypoints | None:
    known = [each for each in points if each is not None]
    if len(known) < len(points):
        return None
    scores = [each.score for each in known if each.score is not None]
    score = np.concatenate(scores) if len(scores) == len(known) else None
    return Keypoints(np.concatenate([each.point for each in known]), score, known[0].name, known[0].skeleton)
