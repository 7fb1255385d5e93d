"""Windows: consecutive readings of one sensor, gathered for a model that looks at a stretch of time."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Column, Reading, Readings
from edgeai.perception.options import WindowOptions
from edgeai.perception.tensor import TensorInfo

__all__ = ["Normalisation", "Window"]


class Window:
    """Gathers readings: `length` of them make a window, and `hop` lie between the ends of two windows.

    Used from one thread at a time. A reading that is missing begins a window anew: a model has learnt an even rhythm.
    """

    def __init__(self, length: int, hop: int) -> None:
        self._readings: deque[Reading] = deque(maxlen=length)
        self._length, self._hop = length, hop
        self._since = 0

    def push(self, reading: Reading) -> Readings | None:
        """Take the next reading, and return the window that it completes."""
        if self._readings and reading.seq != self._readings[-1].seq + 1:
            self._readings.clear()
            self._since = 0
        self._readings.append(reading)
        self._since += 1
        if len(self._readings) < self._length or self._since < self._hop:
            return None
        self._since = 0
        return window_of(self._readings)

    @property
    def gathered(self) -> tuple[int, tuple[Reading, ...]]:
        """How many readings came since the last window, and the readings that the next one may begin with."""
        return self._since, tuple(self._readings)

    def resume(self, since: int, readings: tuple[Reading, ...]) -> None:
        """Go on where another window had `gathered` so much."""
        self._since = since
        self._readings.clear()
        self._readings.extend(readings)


def window_of(readings: deque[Reading]) -> Readings:
    """Return readings, oldest first, as one value."""
    newest = readings[-1]
    values = np.array([reading.values for reading in readings], np.float64)
    return Readings(newest.source, newest.seq, newest.stamp, readings[0].stamp, values, newest.columns, newest.timing)


class Normalisation:
    """Brings windows to what a model was trained on: its columns, (value - mean) / std, its shape."""

    def __init__(self, options: WindowOptions, info: TensorInfo) -> None:
        count = len(options.columns)
        if not count or info.size % count or len(set(options.columns)) < count:
            raise ModelError(
                f"its input {list(info.shape)} cannot be filled with windows of the {count} columns that its card "
                "names: correct `window: {columns: ...}`"
            )
        self.length = info.size // count
        self.hop = self.length if options.hop is None else options.hop
        if self.hop < 1:
            raise ModelError(f"`window: {{hop: {self.hop}}}`: say how many readings lie between two windows, 1 or more")
        self._names, self._shape = options.columns, info.shape
        self._mean, self._std = _each(options.mean, count, "mean"), _each(options.std, count, "std")
        if not self._std.all():
            raise ModelError("`window: {std: ...}` holds 0, by which nothing can be divided: say the deviations")

    def __call__(self, window: Readings) -> npt.NDArray[np.float64]:
        """Return the window as the model's input, real values. Raises ModelError for columns that are not there."""
        if len(window) != self.length:
            raise ModelError(f"it takes windows of {self.length} readings and was given {len(window)}")
        picked = window.values[:, [_index(window.columns, name, window.source) for name in self._names]]
        real: npt.NDArray[np.float64] = ((picked - self._mean) / self._std).reshape(self._shape)
        return real


def _each(value: float | tuple[float, ...], count: int, what: str) -> npt.NDArray[np.float64]:
    values = np.atleast_1d(np.asarray(value, np.float64))
    if values.shape not in {(1,), (count,)} or not np.isfinite(values).all():
        raise ModelError(f"`window: {{{what}: ...}}`: say one number, or one for each of the {count} columns")
    return values


def _index(columns: tuple[Column, ...], name: str, sensor: str) -> int:
    names = [column.name for column in columns]
    if name not in names:
        raise ModelError(
            f"its card wants the column {name!r} and {sensor} has {', '.join(names)}: name the sensor's columns as the "
            "card does"
        )
    return names.index(name)
