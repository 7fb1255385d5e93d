"""The offset between two machines' clocks, by the exchange of NTP; pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_DRIFT = 50e-6
"""By how much two crystals may drift apart, as a share of the time that goes by."""
_KEPT = 16


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer, in ns: asked at `t0` and answered at `t3` on our clock, `t1` and `t2` on theirs."""

    t0: int
    t1: int
    t2: int
    t3: int

    @property
    def offset(self) -> int:
        """What to add to their stamps to reach our clock, if both ways took the same time (RFC 5905, section 8)."""
        return ((self.t0 - self.t1) + (self.t3 - self.t2)) // 2

    @property
    def delay(self) -> int:
        """The time on the way, there and back."""
        return (self.t3 - self.t0) - (self.t2 - self.t1)


class Offset:
    """The best of the last exchanges: half the delay is what its offset can be wrong by, and drift adds to that."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)

    def add(self, exchange: Exchange) -> None:
        """Take an exchange; one that ran backwards is none."""
        if exchange.delay >= 0 and exchange.t3 >= exchange.t0:
            self._exchanges.append(exchange)

    def at(self, now: int) -> tuple[int, int] | None:
        """Return (offset, uncertainty) in ns at a time of our clock; None before the first exchange."""
        if not self._exchanges:
            return None
        best = min(self._exchanges, key=lambda exchange: _uncertainty(exchange, now))
        return best.offset, _uncertainty(best, now)

    def __len__(self) -> int:
        return len(self._exchanges)


def _uncertainty(exchange: Exchange, now: int) -> int:
    return exchange.delay // 2 + int(_DRIFT * max(0, now - exchange.t3)) + 1
