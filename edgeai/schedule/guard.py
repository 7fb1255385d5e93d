"""How long a stage's items wait for its lane: the work of other stages is not interrupted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Guard"]

_MEMORY = 64
"""Items the guard looks back on: several times the pattern that two rates on one lane repeat with."""

_NOTICED = 100_000
"""ns. A shorter wait is the hand-over, not another stage's job."""


@dataclass(slots=True)
class Guard:
    """The share of items that waited, and their mean wait in ns, both exponentially weighted."""

    share: float = 0.0
    wait: float = 0.0

    def note(self, wait: int) -> None:
        """Learn how long one item waited from readiness to its start, ns."""
        if wait > _NOTICED:
            self.share += (1.0 - self.share) / _MEMORY
            self.wait += (wait - self.wait) / _MEMORY if self.wait else wait
        else:
            self.share -= self.share / _MEMORY
