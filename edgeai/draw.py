"""Annotates a picture with a result. cv2 is imported when a picture is drawn."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Classification, Detections, Regression, Result, Tensors, plain

__all__ = ["annotate", "colour_of"]

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]

# Okabe and Ito's colours, told apart by colour-blind eyes too (jfly.uni-koeln.de/color), as blue, green, red.
_PALETTE: tuple[Colour, ...] = (
    (0, 159, 230),
    (233, 180, 86),
    (115, 158, 0),
    (66, 228, 240),
    (167, 121, 204),
    (0, 94, 213),
    (178, 114, 0),
)
_WHITE: Colour = (245, 245, 245)
_BLACK: Colour = (24, 20, 18)
_PANEL_SHADE = 0.30
"""What is left of the picture under a panel."""
_MOST_LINES = 6
_LARGEST_TURN = math.radians(60)


def colour_of(class_id: int) -> Colour:
    """Return the colour (blue, green, red) in which a class or a track is drawn."""
    return _PALETTE[class_id % len(_PALETTE)]


def annotate(image: Image, result: Any, *, title: str = "") -> Image:
    """Return a copy of a picture with a result drawn into it.

    `image` is uint8, (height, width, 3) in BGR order or (height, width) when gray, of any size from about 80x60; the
    answer is always BGR. `result` is a Result or its value: Detections become boxes with labels and scores,
    Classification and Regression lines of text (and a wheel's position for a value called `steering`, 1 left to -1
    right), Tensors their shapes, anything else its text. `title` stands at the top, or the result's stream when empty.
    """
    import cv2

    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else np.array(image, order="C")
    value = result
    if isinstance(result, Result):
        value, title = result.value, title or result.stream
    pen = _Pen(cv2, picture)
    if isinstance(value, Detections):
        lines = []
    elif isinstance(value, Classification):
        lines = [f"{float(value.score[i]):.0%} {label}" for i, label in enumerate(value.label[:_MOST_LINES])]
    elif isinstance(value, Regression):
        lines = [_quantity(c.name, number, c.unit) for c, number in zip(value.columns, value.values, strict=True)]
        steering = value.as_dict().get("steering")
        if steering is not None and math.isfinite(steering):
            _draw_steering(pen, steering)
    elif isinstance(value, Tensors):
        lines = [f"{name} {'x'.join(map(str, np.shape(array)))}" for name, array in value.tensors.items()]
    else:
        lines = [] if value is None else _text_of(value)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"and {len(lines) - _MOST_LINES + 1} more"]
    pen.panel(title, lines)
    if isinstance(value, Detections):
        _draw_detections(pen, value)
    return picture


def _quantity(name: str, number: float, unit: str) -> str:
    return f"{name} {number:+.3g}" + ("" if unit in ("1", "") else f" {unit}")


def _text_of(value: Any) -> list[str]:
    shown = plain(value)
    if isinstance(shown, dict):
        return [f"{key} {item:.4g}" if isinstance(item, float) else f"{key} {item}" for key, item in shown.items()]
    return str(shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)).splitlines()


class _Pen:
    """Draws on one picture in measures that suit its size."""

    def __init__(self, cv2: ModuleType, picture: Image) -> None:
        self.cv2, self.picture = cv2, picture
        self.height, self.width = picture.shape[:2]
        side = min(self.height, self.width * 3 / 4)
        self.line = max(1, round(side / 240))
        self.font = cv2.FONT_HERSHEY_SIMPLEX
        self.scale = max(0.3, side / 900 + 0.1)
        self.weight = max(1, round(self.scale * 1.7))
        self.pad = max(2, round(6 * self.scale))
        self.tags: list[Box] = []

    def measure(self, text: str) -> tuple[int, int, int]:
        """Return width, height above the base line, and depth below it, in pixels."""
        (width, height), depth = self.cv2.getTextSize(text, self.font, self.scale, self.weight)
        return width, height, depth

    def fit(self, text: str, room: int) -> str:
        """Return the text as far as it fits into `room` pixels, in the characters the font has."""
        text = text.replace("°", " deg").replace("µ", "u").encode("ascii", "replace").decode()
        if self.measure(text)[0] <= room:
            return text
        while len(text) > 1 and self.measure(text + "..")[0] > room:
            text = text[:-1]
        return text + ".."

    def text(self, text: str, x: int, y: int, colour: Colour) -> None:
        """Write with the base line at y."""
        self.cv2.putText(self.picture, text, (x, y), self.font, self.scale, colour, self.weight, self.cv2.LINE_AA)

    def shade(self, x1: int, y1: int, x2: int, y2: int) -> None:
        """Darken a part of the picture, so that writing on it can be read."""
        part = self.picture[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
        if part.size:
            part[:] = self.cv2.convertScaleAbs(part, alpha=_PANEL_SHADE)

    def panel(self, title: str, lines: Sequence[str]) -> None:
        """Write a title and lines into a shaded panel in the upper left corner."""
        rows = [(row, colour) for row, colour in [(title, _PALETTE[0]), *((line, _WHITE) for line in lines)] if row]
        room = self.width - 4 * self.pad
        fitted = [(self.fit(row, room), colour) for row, colour in rows]
        if not fitted:
            return
        _, height, depth = self.measure("Ag")
        pitch = height + depth + self.pad
        width = max(self.measure(row)[0] for row, _ in fitted)
        right, bottom = width + 3 * self.pad, 2 * self.pad + pitch * len(fitted)
        self.shade(self.pad, self.pad, right, bottom)
        self.tags.append((0, 0, right, bottom))
        for number, (row, colour) in enumerate(fitted):
            self.text(row, 2 * self.pad, 2 * self.pad + height + number * pitch, colour)

    def tag(self, text: str, box: Box, colour: Colour) -> None:
        """Write on a filled tag: above the box, or inside it, or below, where no other tag is; else above."""
        x1, y1, _, y2 = box
        text = self.fit(text, self.width - 2 * self.pad)
        width, height, depth = self.measure(text)
        wide, tall = width + 2 * self.pad, height + depth + self.pad
        left = min(max(0, x1 - self.line // 2), max(0, self.width - wide))
        tops = [top for top in (y1 - tall, max(y1, 0), y2) if 0 <= top <= self.height - tall] or [0]
        places = [(left, top, left + wide, top + tall) for top in tops]
        place = next((place for place in places if not any(_overlap(place, tag) for tag in self.tags)), places[0])
        self.tags.append(place)
        self.cv2.rectangle(self.picture, place[:2], place[2:], colour, self.cv2.FILLED)
        ink = _BLACK if 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2] > 105 else _WHITE
        self.text(text, left + self.pad, place[1] + height + self.pad // 2 + 1, ink)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _draw_detections(pen: _Pen, found: Detections) -> None:
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
            pen.cv2.rectangle(pen.picture, box[:2], box[2:], _BLACK, pen.line + 2)
        pen.cv2.rectangle(pen.picture, box[:2], box[2:], colour, pen.line)
    for row in rows:
        pen.tag(*row)


def _draw_steering(pen: _Pen, steering: float) -> None:
    """Draw a gauge at the lower middle: an arc from full left to full right, and a needle that points where to go."""
    cv2, picture = pen.cv2, pen.picture
    radius = round(min(pen.height, pen.width) * 0.22)
    centre = (pen.width // 2, pen.height - max(3, round(radius * 0.22)))
    turn = -max(-1.0, min(1.0, steering)) * _LARGEST_TURN
    tip = (round(centre[0] + radius * 0.86 * math.sin(turn)), round(centre[1] - radius * 0.86 * math.cos(turn)))
    widest = math.degrees(_LARGEST_TURN)
    thick = max(2, round(1.6 * pen.line))
    colour = _PALETTE[0]
    axes = (radius, radius)
    for ink, weight in ((_BLACK, thick + 2), (_WHITE, thick)):
        cv2.ellipse(picture, centre, axes, -90, -widest, widest, ink, weight, cv2.LINE_AA)
    cv2.ellipse(picture, centre, axes, -90, 0, math.degrees(turn), colour, thick, cv2.LINE_AA)
    for ink, weight in ((_BLACK, thick + 2), (colour, thick)):
        cv2.arrowedLine(picture, centre, tip, ink, weight, cv2.LINE_AA, 0, 0.28)
    cv2.circle(picture, centre, thick + 1, _BLACK, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(picture, centre, thick, colour, cv2.FILLED, cv2.LINE_AA)
