"""COCO's mean average precision of boxes, by pycocotools (Lin et al., ECCV 2014)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.driver import vendor
from edgeai.messages import Detections
from edgeai.workbench.datasets.sample import Boxes

__all__ = ["coco_map"]

_FIGURES = ("mAP", "mAP50", "mAP75")


def coco_map(truth: Sequence[Boxes], found: Sequence[Detections]) -> dict[str, float]:
    """Return {mAP, mAP50, mAP75} over pictures: all classes that the truth holds, at most 100 boxes a picture.

    mAP is the mean over the overlaps 0.50, 0.55 … 0.95. Classes are matched by their labels; boxes of a class that the
    truth does not know count for nothing, as COCO has it. Raises PluginError where pycocotools is not installed,
    ValueError where the truth is empty.
    """
    library = vendor("pycocotools.coco", "evaluate")
    judge = vendor("pycocotools.cocoeval", "evaluate").COCOeval
    if not any(len(boxes) for boxes in truth):
        raise ValueError("there is no true box to judge by")
    labels = sorted({label for boxes in truth for label in boxes.label})
    numbers = {label: i for i, label in enumerate(labels, 1)}
    with contextlib.redirect_stdout(io.StringIO()):  # the library prints what it does
        true = library.COCO()
        true.dataset = _document(truth, numbers)
        true.createIndex()
        rows = _rows(found, numbers)
        if not len(rows):
            return dict.fromkeys(_FIGURES, 0.0)
        work = judge(true, true.loadRes(rows), "bbox")
        work.evaluate()
        work.accumulate()
        work.summarize()
    return {name: float(work.stats[i]) for i, name in enumerate(_FIGURES)}


def _document(truth: Sequence[Boxes], numbers: dict[str, int]) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for image, boxes in enumerate(truth, 1):
        for i, (x1, y1, x2, y2) in enumerate(boxes.box.tolist()):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": numbers[boxes.label[i]],
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1) if boxes.area is None else boxes.area[i],
                    "iscrowd": int(bool(boxes.crowd) and boxes.crowd[i]),
                }
            )
    return {
        "info": {},
        "images": [{"id": image} for image in range(1, len(truth) + 1)],
        "categories": [{"id": number, "name": label} for label, number in numbers.items()],
        "annotations": annotations,
    }


def _rows(found: Sequence[Detections], numbers: dict[str, int]) -> npt.NDArray[np.float64]:
    """Return rows of picture, x, y, width, height, score and class."""
    rows = [
        (image, x1, y1, x2 - x1, y2 - y1, score, numbers[label])
        for image, boxes in enumerate(found, 1)
        for (x1, y1, x2, y2), score, label in zip(boxes.box.tolist(), boxes.score.tolist(), boxes.label, strict=True)
        if label in numbers
    ]
    return np.array(rows, np.float64).reshape(-1, 7)
