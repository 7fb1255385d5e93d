"""Boxes with labels and scores, and the points of each."""

from __future__ import annotations

import numpy as np

from edgeai.draw.pen import BLACK, Box, Colour, Pen, colour_of
from edgeai.draw.points import draw_keypoints
from edgeai.messages import Detections

__all__ = ["draw_detections"]


def draw_detections(pen: Pen, found: Detections) -> None:
    """Draw the boxes, the best score on top, and their tags over them, the best score placed first."""
    rows: list[tuple[str, Box, Colour]] = []
    limits = np.array([pen.width, pen.height] * 2)
    for i, label in enumerate(found.label):
        if np.isfinite(found.box[i]).all():
            x1, y1, x2, y2 = (int(edge) for edge in np.rint(np.clip(found.box[i], -1, limits)))
            identity = int(found.class_id[i] if found.track_id is None else found.track_id[i])
            track = "" if found.track_id is None else f" #{identity}"
            text = f"{label}{track} {float(found.score[i]):.0%}"
            rows.append((text, (x1, y1, x2, y2), colour_of(identity)))
    for _, box, colour in reversed(rows):
        if pen.line > 1:
            pen.cv2.rectangle(pen.picture, box[:2], box[2:], BLACK, pen.line + 2)
        pen.cv2.rectangle(pen.picture, box[:2], box[2:], colour, pen.line)
    if found.keypoints is not None:
        draw_keypoints(pen, found.keypoints)
    for row in rows:
        pen.tag(*row)
