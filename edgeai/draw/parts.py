"""Parts of a frame that a model looked at, and what it found there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeai.draw.boxes import draw_detections
from edgeai.draw.pen import Pen, colour_of
from edgeai.draw.points import draw_keypoints
from edgeai.messages import Detections, Keypoints, Part

__all__ = ["draw_part"]


def draw_part(pen: Pen, part: Part, words: Sequence[str]) -> None:
    """Draw the part's edge, thin, and what was found: boxes, points, or the first of some words about it."""
    x1, y1, x2, y2 = (int(edge) for edge in np.rint(np.clip(part.box, -1, [pen.width, pen.height] * 2)))
    identity = part.parent if part.track_id is None else part.track_id
    pen.cv2.rectangle(pen.picture, (x1, y1), (x2, y2), colour_of(identity), 1)
    if isinstance(part.value, Detections):
        draw_detections(pen, part.value)
    elif isinstance(part.value, Keypoints):
        draw_keypoints(pen, part.value)
    elif words:
        pen.tag(words[0], (x1, y1, x2, y2), colour_of(identity))
