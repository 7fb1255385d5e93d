"""What a dataset is: samples, each an input for a model and what is true of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgeai.errors import ConfigError, Problem
from edgeai.messages import Frame, Reading, Readings

__all__ = ["Boxes", "ClassName", "Dataset", "Flag", "Mask", "Points", "Sample", "Truth", "refuse"]

Input = Frame | Reading | Readings | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class ClassName:
    """The class of a whole input: its number, counted from 0 without a background, and its name where there is one."""

    class_id: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Whether something is there: a person, an anomaly."""

    there: bool


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Objects in a frame, one row each.

    box: float64 (n, 4) as x1, y1, x2, y2 in pixels; label: n names; class_id: n numbers as the dataset counts; crowd:
    True where a box holds a group, which neither has to be found nor counts as wrong; area: of the object in pixels,
    None where only boxes are known; track_id: numbers that an object keeps from frame to frame.
    """

    box: npt.NDArray[np.float64]
    label: tuple[str, ...]
    class_id: tuple[int, ...]
    crowd: tuple[bool, ...] = ()
    area: tuple[float, ...] | None = None
    track_id: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A class for each pixel of a frame, integers (height, width); `ignore` marks pixels that count for nothing."""

    class_id: npt.NDArray[Any]
    ignore: int | None = 255


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Named points of bodies: float64 (n, k, 2) in pixels, visible (n, k), and the size (n,) errors are measured by."""

    point: npt.NDArray[np.float64]
    visible: npt.NDArray[np.bool_]
    size: npt.NDArray[np.float64]
    name: tuple[str, ...]


Truth = ClassName | Flag | Boxes | Mask | Points


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An input that is read when it is asked for, and what is true of it; None where nobody said."""

    name: str
    load: Callable[[], Input]
    truth: Truth | None = None


class Dataset(Protocol):
    """Samples in a fixed order. A recording, or anything else that can be gone through again, may be one."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes by number, None where there are none."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def __iter__(self) -> Iterator[Sample]:
        """Go through the samples, from the first."""


def refuse(found: str, expected: str, hint: str = "") -> ConfigError:
    """Return the error for data that cannot be used."""
    return ConfigError(Problem("data", found, expected, hint=hint))
