"""How long a job will take."""

from __future__ import annotations

__all__ = ["DurationEstimate"]


class DurationEstimate:
    """Follows the typical duration of one operating point, in ns.

    An exponentially weighted mean, m += (min(x, 4 m) - m) / 8: one outlier moves it by at most 3/8, since the tail of
    a small board is 10 times its median; a lasting slowdown is followed within a dozen jobs.
    """

    def __init__(self) -> None:
        self._mean: int | None = None

    def start(self, typical: int) -> None:
        """Take a profiled duration (ns) as the first estimate."""
        self._mean = typical

    def observe(self, duration: int) -> None:
        """Learn from one job's wall time (ns)."""
        if self._mean is None:
            self._mean = duration
        else:
            self._mean += (min(duration, 4 * self._mean) - self._mean) // 8

    def predict(self) -> int:
        """Return the expected duration in ns; 0 while nothing is known."""
        return self._mean or 0
