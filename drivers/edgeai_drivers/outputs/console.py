"""One readable line a result, on standard output or standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from edgeai.driver import NEVER_AGAIN, NS, DriverOptions, Output, Rate
from edgeai.messages import (
    Classification,
    ClassMap,
    Detections,
    Embedding,
    Frame,
    Keypoints,
    Parts,
    Regression,
    Result,
    Score,
    Tensors,
)

from ._files import file_error
from ._lines import Lines, standard

_NAMES = {"stdout": "standard output", "stderr": "standard error"}
_ROWS = 6
_WIDTH = 160


@dataclass(frozen=True, kw_only=True)
class ConsoleOptions(DriverOptions):
    """How much is shown, and where. rate: at most so many lines a second of each stream; to: stdout or stderr."""

    rate: Rate | None = None
    to: Literal["stdout", "stderr"] = "stdout"


class Console(Output):
    """Show seconds since the first result, stream, seq, latency and what was found, a line each.

    A terminal that is stopped, or a pipe that nobody reads, loses lines (`dropped`) and blocks nobody.
    """

    retry = NEVER_AGAIN

    Options = ConsoleOptions
    keeps = "newest"

    _lines: Lines | None = None

    @property
    def dropped(self) -> int:
        """Lines that the terminal or the reader of the pipe did not take in time."""
        return self._lines.dropped if self._lines else 0

    def _open(self) -> None:
        self._lines = standard(self.options.to)
        self._zero: int | None = None
        self._next: dict[str, int] = {}

    def _write(self, result: Result, frame: Frame | None) -> None:
        assert self._lines is not None
        if not self._is_due(result.stream):
            return
        if self._zero is None:
            self._zero = result.stamp
        try:
            self._lines.write(line(result, self._zero))
        except OSError as error:
            raise file_error(self.name, _NAMES[self.options.to], error) from error

    def _is_due(self, stream: str) -> bool:
        if self.options.rate is None:
            return True
        now = self._clock.now()
        if now < self._next.get(stream, now):
            return False
        self._next[stream] = now + int(NS / self.options.rate)
        return True

    def _close(self) -> None:
        if self._lines:
            self._lines.close()


def line(result: Result, zero: int) -> str:
    """Return the line of a result, times counted from `zero` (ns)."""
    seconds = (result.stamp - zero) / NS
    basis = "" if result.basis == "inferred" else f"({result.basis}) "
    head = f"{seconds:9.3f} s  {result.stream} #{result.seq}  {result.latency * 1e3:.1f} ms  {basis}"
    return head + _one_line(summary(result.value))


def summary(value: Any) -> str:
    """Say in a few words what was found."""
    if isinstance(value, Detections):
        return _listed([f"{row['label']} {row['score']:.2f} {_box(row['box'])}" for row in value.rows()])
    if isinstance(value, Parts):
        return _listed([summary(part.value) for part in value])
    if isinstance(value, Classification):
        return _listed([f"{row['label']} {row['score']:.2f}" for row in value.rows()])
    if isinstance(value, Regression):
        return _listed([_quantity(c.name, v, c.unit) for c, v in zip(value.columns, value.values, strict=True)])
    if isinstance(value, Keypoints):
        return _listed([_pose(row) for row in value.rows()])
    if isinstance(value, ClassMap):
        return _listed([f"{row['label']} {row['share']:.1%}" for row in value.rows()])
    if isinstance(value, Embedding):
        return f"{len(value)} numbers"
    if isinstance(value, Score):
        enough = "" if value.threshold is None else f" ({'over' if value.over else 'under'} {value.threshold:g})"
        return f"{value.name} {value.value:.4g}{enough}"
    if isinstance(value, Tensors):
        return _listed([f"{name} {tensor.dtype}{list(tensor.shape)}" for name, tensor in value.tensors.items()])
    return value if isinstance(value, str) else repr(value)


def _listed(parts: list[str]) -> str:
    more = [f"and {len(parts) - _ROWS} more"] if len(parts) > _ROWS else []
    return ", ".join(parts[:_ROWS] + more) or "nothing"


def _pose(row: dict[str, list[float]]) -> str:
    return " ".join(f"{name} [{place[0]:.0f},{place[1]:.0f}]" for name, place in row.items())


def _box(box: list[float]) -> str:
    x1, y1, x2, y2 = box
    return f"[{x1:.0f},{y1:.0f} {x2:.0f},{y2:.0f}]"


def _quantity(name: str, value: float, unit: str) -> str:
    return f"{name} {value:+.4g}" + ("" if unit in ("", "1") else f" {unit}")


def _one_line(text: str) -> str:
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
