"""MOTA and IDF1 of tracks, by py-motmetrics.

Bernardin and Stiefelhagen, EURASIP 2008; Ristani et al., ECCV 2016. Distances are computed here: the library's own
helper does not work under numpy 2.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeai.driver import vendor
from edgeai.workbench.datasets.sample import Boxes
from edgeai.workbench.metrics.boxes import ious

__all__ = ["mota_idf1"]

OVERLAP = 0.5
"""The least IoU of a pair, as in the MOTChallenge."""


def mota_idf1(truth: Mapping[int, Boxes], found: Mapping[int, Boxes]) -> dict[str, float]:
    """Return {mota, idf1, switches} of numbered boxes by frame. Frames without truth are left out.

    Raises PluginError where motmetrics is not installed, ValueError without a frame of truth.
    """
    library = vendor("motmetrics", "evaluate")
    if not any(len(boxes) for boxes in truth.values()):
        raise ValueError("there is no true track to judge by")
    book = library.MOTAccumulator(auto_id=False)
    for frame in sorted(truth):
        true, seen = truth[frame], found.get(frame)
        box, numbers = (np.zeros((0, 4)), ()) if seen is None else (seen.box, seen.track_id or ())
        distance = 1.0 - ious(true.box, box)
        book.update(
            list(true.track_id or ()), list(numbers), np.where(distance > OVERLAP, np.nan, distance), frameid=frame
        )
    names = {"mota": "mota", "idf1": "idf1", "num_switches": "switches"}
    summary = library.metrics.create().compute(book, metrics=list(names))
    return {ours: float(summary[theirs].iloc[0]) for theirs, ours in names.items()}
