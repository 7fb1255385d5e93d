"""Draws on one picture in measures that suit its size."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["BLACK", "PALETTE", "WHITE", "Box", "Colour", "Image", "Line", "Pen", "colour_of"]

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Blue, green, red."""
Box = tuple[int, int, int, int]
Line = tuple[str, Colour | None]
"""A line of text, and the colour of a patch before it, None without."""

# Okabe and Ito's colours, told apart by colour-blind eyes too (jfly.uni-koeln.de/color), as blue, green, red.
PALETTE: tuple[Colour, ...] = (
    (0, 159, 230),
    (233, 180, 86),
    (115, 158, 0),
    (66, 228, 240),
    (167, 121, 204),
    (0, 94, 213),
    (178, 114, 0),
)
WHITE: Colour = (245, 245, 245)
BLACK: Colour = (24, 20, 18)
_PANEL_SHADE = 0.30
"""What is left of the picture under a panel."""


def colour_of(class_id: int) -> Colour:
    """Return the colour (blue, green, red) in which a class or a track is drawn."""
    return PALETTE[class_id % len(PALETTE)]


class _Row(NamedTuple):
    """A row of a panel: what is written in which ink, and the patch of colour in the indent before it."""

    text: str
    ink: Colour
    patch: Colour | None
    indent: int


class Pen:
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
        text = text[: max(1, room) + 1]  # a longer one does not fit anyway: no character is narrower than a pixel
        text = text.replace("°", " deg").replace("µ", "u").encode("ascii", "replace").decode()
        if self.measure(text)[0] <= room:
            return text
        fitting = bisect_right(range(2, len(text)), room, key=lambda length: self.measure(text[:length] + "..")[0])
        return text[: 1 + fitting] + ".."

    def text(self, text: str, x: int, y: int, colour: Colour) -> None:
        """Write with the base line at y."""
        self.cv2.putText(self.picture, text, (x, y), self.font, self.scale, colour, self.weight, self.cv2.LINE_AA)

    def shade(self, x1: int, y1: int, x2: int, y2: int) -> None:
        """Darken a part of the picture, so that writing on it can be read."""
        part = self.picture[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
        if part.size:
            part[:] = self.cv2.convertScaleAbs(part, alpha=_PANEL_SHADE)

    def panel(self, title: str, lines: Sequence[Line]) -> None:
        """Write a title and lines into a shaded panel in the upper left corner."""
        _, height, depth = self.measure("Ag")
        rows = [_Row(title, PALETTE[0], None, 0)] if title else []
        rows += [_Row(text, WHITE, patch, height + self.pad if patch else 0) for text, patch in lines if text]
        if not rows:
            return
        fitted = [self.fit(row.text, self.width - 4 * self.pad - row.indent) for row in rows]
        pitch = height + depth + self.pad
        width = max(row.indent + self.measure(text)[0] for row, text in zip(rows, fitted, strict=True))
        right, bottom = width + 3 * self.pad, 2 * self.pad + pitch * len(rows)
        self.shade(self.pad, self.pad, right, bottom)
        self.tags.append((0, 0, right, bottom))
        left, base = 2 * self.pad, 2 * self.pad + height
        for row, text in zip(rows, fitted, strict=True):
            if row.patch is not None:
                self.cv2.rectangle(
                    self.picture, (left, base - height), (left + height, base), row.patch, self.cv2.FILLED
                )
            self.text(text, left + row.indent, base, row.ink)
            base += pitch

    def dot(self, x: int, y: int, radius: int, colour: Colour) -> None:
        """Fill a circle with a dark rim."""
        for ink, reach in ((BLACK, radius + 1), (colour, radius)):
            self.cv2.circle(self.picture, (x, y), reach, ink, self.cv2.FILLED, self.cv2.LINE_AA)

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
        ink = BLACK if 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2] > 105 else WHITE
        self.text(text, left + self.pad, place[1] + height + self.pad // 2 + 1, ink)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
