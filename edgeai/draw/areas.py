"""Class maps: each class in its colour over the picture, with its outline."""

from __future__ import annotations

import numpy as np

from edgeai.draw.pen import Line, Pen, colour_of
from edgeai.messages import UNSEEN, ClassMap

__all__ = ["draw_class_map", "legend"]

_COVER = 0.45
"""Share of a class's colour in the picture under it."""
_UNSEEN_SHADE = 0.4
_BACKGROUND = {"background", "__background__", "unlabeled", "unlabelled"}


def draw_class_map(pen: Pen, found: ClassMap) -> None:
    """Tint what each class covers, except the background, and draw its outline; what was not seen is dark."""
    cv2, picture = pen.cv2, pen.picture
    class_id = found.at((pen.width, pen.height))
    tinted = picture.copy()
    for each in _shown(found):
        tinted[class_id == each] = colour_of(each)
    picture[:] = cv2.addWeighted(picture, 1 - _COVER, tinted, _COVER, 0)
    unseen = class_id == UNSEEN
    if unseen.any():
        picture[unseen] = cv2.convertScaleAbs(picture, alpha=_UNSEEN_SHADE)[unseen]
    for each in _shown(found):
        outlines, _ = cv2.findContours((class_id == each).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, colour_of(each), pen.line, cv2.LINE_AA)


def legend(found: ClassMap) -> list[Line]:
    """Return a line for each class that is shown, beside its colour, the largest first."""
    shown = set(_shown(found))
    return [
        (f"{row['label']} {row['share']:.1%}", colour_of(row["class_id"]))
        for row in found.rows()
        if row["class_id"] in shown
    ]


def _shown(found: ClassMap) -> list[int]:
    """Return the classes that are there, without the background: by its name, or class 0 where classes have none."""
    there = np.unique(found.class_id).tolist()
    background = {i for i, name in enumerate(found.label) if name.lower() in _BACKGROUND} if found.label else {0}
    return [each for each in there if each != UNSEEN and each not in background]
