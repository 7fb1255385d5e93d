"""Mean intersection over union of the classes of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Confusion"]


class Confusion:
    """Counts pixels by true and found class, picture after picture."""

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros((0, 0), np.int64)

    def add(self, truth: npt.NDArray[Any], found: npt.NDArray[Any], ignore: int | None = 255) -> None:
        """Count the pixels of a picture, both (height, width); those whose truth is `ignore` are left out.

        Raises ValueError for arrays of different shapes, or a negative class.
        """
        if truth.shape != found.shape:
            raise ValueError(f"the map found is {found.shape} and the truth {truth.shape}")
        counted = np.ones(truth.shape, bool) if ignore is None else truth != ignore
        true, seen = truth[counted].astype(np.int64), found[counted].astype(np.int64)
        if not true.size:
            return
        if min(true.min(), seen.min()) < 0:
            raise ValueError("a class is negative")
        classes = int(max(true.max(), seen.max(), len(self.counts) - 1)) + 1
        self.counts = np.pad(self.counts, (0, classes - len(self.counts)))
        self.counts += np.bincount(true * classes + seen, minlength=classes * classes).reshape(classes, classes)

    def by_class(self) -> dict[int, float]:
        """Return the IoU of each class that is in the truth or was found: common / (true + found - common)."""
        common = np.diag(self.counts)
        whole = self.counts.sum(0) + self.counts.sum(1) - common
        return {i: float(common[i] / whole[i]) for i in range(len(common)) if whole[i]}

    def mean(self) -> float:
        """Return the mean over those classes. Raises ValueError where nothing was counted."""
        found = list(self.by_class().values())
        if not found:
            raise ValueError("there is no pixel to judge")
        return float(np.mean(found))
