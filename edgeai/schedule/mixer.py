"""Frame by frame from shares: error diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

__all__ = ["Mixer", "block"]

_SWITCH_SHARE = 0.01
"""Switching between resident points may cost so much of the busy time."""

_LONGEST_BLOCK = 10
"""Runs: a second at 10 Hz; in longer blocks a plan would be replaced before its shares are kept."""


def block(switch: int, mean: float) -> int:
    """Return how many runs in a row a point keeps its turn, so that switches cost no more than their share.

    switch: ns that one costs; mean: duration of a run, ns.
    """
    return max(1, min(_LONGEST_BLOCK, ceil(switch / (_SWITCH_SHARE * max(1.0, mean)))))


class Mixer:
    """Serves a share of the frames due, and picks among points in the shares wanted.

    Each frame adds its share to every point's account and takes 1 from the one picked, the richest; so the count of
    each stays within one of its share, frame by frame (error diffusion; Floyd and Steinberg, 1976, in one dimension).
    Picks come in blocks where a switch costs time.
    """

    def __init__(self) -> None:
        self.served = 1.0
        self.shares: tuple[tuple[int, float], ...] = ((0, 1.0),)
        self._due = 0.5
        self._accounts: dict[int, float] = {}
        self._block = 1
        self._left = 0
        self._last = 0
        self.switches = 0

    def adopt(self, shares: Sequence[tuple[int, float]], served: float, block: int = 1) -> None:
        """Follow new shares of points, the share of frames served, and the number of frames to a block."""
        self.shares = tuple(shares)
        self.served = served
        self._block = block
        kept = {point for point, _ in shares}
        self._accounts = {point: account for point, account in self._accounts.items() if point in kept}
        if self._last not in kept:
            self._left = 0

    def due(self) -> bool:
        """Say whether the next frame is served."""
        if self.served >= 1.0:
            return True
        self._due += self.served
        if self._due >= 1.0:
            self._due -= 1.0
            return True
        return False

    def pick(self, given: int | None = None) -> int:
        """Return the operating point of the next run; `given`, one of the shares, where others decide."""
        shares = self.shares
        if len(shares) == 1:
            best = shares[0][0]
        else:
            accounts = self._accounts
            best, most = self._last, -1e9
            for point, share in shares:
                account = accounts.get(point, 0.0) + share
                accounts[point] = account
                if account > most:
                    best, most = point, account
            if given is not None:
                best = given
            elif self._left > 0:
                best = self._last
            else:
                self._left = self._block
            self._left -= 1
            accounts[best] -= 1.0
        if best != self._last:
            self.switches += 1
            self._last = best
        return best
