"""A number of a result, held for a limited time: what stands on a pin goes off when results stop."""

from __future__ import annotations

from edgeai.driver import NS
from edgeai.errors import DeviceError
from edgeai.messages import Classification, Detections, Result, plain

_HUGE = 1e300
"""What is larger is infinite, or not a float."""


class Held:
    """A value that is good until it expires; written by one thread, read by another."""

    def __init__(self) -> None:
        self._held = (0.0, 0)

    def put(self, value: float, until: int) -> None:
        """Hold a value until `until` (ns)."""
        self._held = (value, until)

    def at(self, t: int) -> float:
        """Return the value, or 0 when it has expired."""
        value, until = self._held
        return value if t < until else 0.0


def number_of(result: Result, name: str | None) -> float:
    """Return the number that an output without words can show.

    A named value of the result; without a name its only one, the best score of a classification, or how many objects
    were detected; with a name, of these, the score or the count of that label. Raises DeviceError where there is none.
    """
    value = result.value
    if isinstance(value, Detections):
        return float(sum(name in (None, row["label"]) for row in value.rows()))
    if isinstance(value, Classification):
        return max((float(row["score"]) for row in value.rows() if name in (None, row["label"])), default=0.0)
    body = plain(value)
    named = body if isinstance(body, dict) else {"value": body}
    chosen = named.get(name) if name is not None else next(iter(named.values())) if len(named) == 1 else None
    if isinstance(chosen, int | float) and abs(chosen) < _HUGE:
        return float(chosen)
    raise DeviceError(f"{result.stream} gives no number {name or ''!r}: name one of {sorted(named)} as `value`")


def until(result: Result, hold: float) -> int:
    """Return when a result expires that is good for `hold` seconds after its capture, in ns."""
    return result.stamp + int(hold * NS)
