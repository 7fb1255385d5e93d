"""Keypoints of bodies and faces, joined where they belong together."""

from __future__ import annotations

import numpy as np

from edgeai.draw.pen import BLACK, PALETTE, Colour, Pen
from edgeai.messages import Keypoints

__all__ = ["draw_keypoints"]

_LEAST_SCORE = 0.2
"""Points less sure than this are left out: most are guesses about what is hidden."""
_LEFT, _RIGHT, _MIDDLE = PALETTE[1], PALETTE[0], PALETTE[3]


def draw_keypoints(pen: Pen, found: Keypoints) -> None:
    """Draw each body's lines, then its points: the person's left side blue, the right side orange, the rest yellow."""
    limit = 4 * max(pen.width, pen.height)
    colours = [_colour(name) for name in found.name]
    for i, points in enumerate(found.point):
        sure = np.isfinite(points).all(axis=1) & (np.abs(points) < limit).all(axis=1)
        if found.score is not None:
            sure &= found.score[i] >= _LEAST_SCORE
        places = [
            (round(float(x)), round(float(y))) if seen else None for (x, y), seen in zip(points, sure, strict=True)
        ]
        radius = _radius(pen, places)
        for ink, weight in ((BLACK, pen.line + 3), (None, pen.line + 1)):
            for a, b in found.skeleton:
                start, end = places[a], places[b]
                if start is not None and end is not None:
                    colour = colours[a] if colours[a] == colours[b] else _MIDDLE
                    pen.cv2.line(pen.picture, start, end, ink or colour, weight, pen.cv2.LINE_AA)
        for place, colour in zip(places, colours, strict=True):
            if place is not None:
                pen.dot(*place, radius, colour)


def _colour(name: str) -> Colour:
    words = name.lower().replace("_", " ").split()
    return _LEFT if "left" in words else _RIGHT if "right" in words else _MIDDLE


def _radius(pen: Pen, places: list[tuple[int, int] | None]) -> int:
    """Return a radius that suits the picture, and is small beside the body or face."""
    across = [place[0] for place in places if place is not None]
    down = [place[1] for place in places if place is not None]
    if not across:
        return 1
    extent = max(max(across) - min(across), max(down) - min(down))
    radius: int = min(round(1.5 * pen.line + 1), round(extent / 16))
    return max(1, radius)
