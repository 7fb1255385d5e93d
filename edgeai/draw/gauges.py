"""Gauges: where a robot steers, and how far a score has come to what is enough."""

from __future__ import annotations

import math

from edgeai.draw.pen import BLACK, PALETTE, WHITE, Colour, Pen
from edgeai.messages import Score

__all__ = ["draw_score", "draw_steering"]

_LARGEST_TURN = math.radians(60)
_OVER: Colour = PALETTE[5]
_UNDER: Colour = PALETTE[2]


def draw_steering(pen: Pen, steering: float) -> None:
    """Draw a gauge at the lower middle: an arc from full left to full right, and a needle that points where to go."""
    cv2, picture = pen.cv2, pen.picture
    radius = round(min(pen.height, pen.width) * 0.22)
    centre = (pen.width // 2, pen.height - max(3, round(radius * 0.22)))
    turn = -max(-1.0, min(1.0, steering)) * _LARGEST_TURN
    tip = (round(centre[0] + radius * 0.86 * math.sin(turn)), round(centre[1] - radius * 0.86 * math.cos(turn)))
    widest = math.degrees(_LARGEST_TURN)
    thick = max(2, round(1.6 * pen.line))
    colour = PALETTE[0]
    axes = (radius, radius)
    for ink, weight in ((BLACK, thick + 2), (WHITE, thick)):
        cv2.ellipse(picture, centre, axes, -90, -widest, widest, ink, weight, cv2.LINE_AA)
    cv2.ellipse(picture, centre, axes, -90, 0, math.degrees(turn), colour, thick, cv2.LINE_AA)
    for ink, weight in ((BLACK, thick + 2), (colour, thick)):
        cv2.arrowedLine(picture, centre, tip, ink, weight, cv2.LINE_AA, 0, 0.28)
    cv2.circle(picture, centre, thick + 1, BLACK, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(picture, centre, thick, colour, cv2.FILLED, cv2.LINE_AA)


def draw_score(pen: Pen, score: Score) -> None:
    """Draw a bar along the lower edge that fills with the score, with a notch where it is enough."""
    if not math.isfinite(score.value):
        return
    enough = score.threshold
    full = 1.0 if enough is None or (enough <= 1.0 and score.value <= 1.0) else 2.0 * enough
    left, right = round(pen.width * 0.08), round(pen.width * 0.92)
    thick = max(2, round(pen.height * 0.02))
    bottom = pen.height - max(2, round(pen.height * 0.05))
    top = bottom - thick
    end = left + round((right - left) * max(0.0, min(1.0, score.value / full)))
    colour = _OVER if score.over else _UNDER
    pen.shade(left - 2, top - 2, right + 2, bottom + 2)
    if end > left:
        pen.cv2.rectangle(pen.picture, (left, top), (end, bottom), colour, pen.cv2.FILLED)
    if enough is not None:
        notch = left + round((right - left) * max(0.0, min(1.0, enough / full)))
        reach = max(2, thick // 2)
        for ink, weight in ((BLACK, pen.line + 2), (WHITE, pen.line)):
            pen.cv2.line(pen.picture, (notch, top - reach), (notch, bottom + reach), ink, weight)
