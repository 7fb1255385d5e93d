"""PCK: the share of keypoints found close to where they are (Yang and Ramanan, PAMI 2013)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["pck"]


def pck(truth: npt.NDArray[Any], found: npt.NDArray[Any], visible: npt.NDArray[Any], reach: npt.NDArray[Any]) -> float:
    """Return the share of visible points that were found no farther away than `reach`.

    truth and found: (n, k, 2) in pixels; NaN in `found` is a point that was not found. visible: bool (n, k). reach:
    (n,) in pixels, as a rule a share of a body's size. Raises ValueError where no point is visible.
    """
    seen = np.asarray(visible, bool)
    if not seen.any():
        raise ValueError("no keypoint is visible")
    apart = np.hypot(*np.moveaxis(np.asarray(found, np.float64) - truth, -1, 0))
    return float(((apart <= np.asarray(reach)[:, None]) & seen).sum() / seen.sum())
