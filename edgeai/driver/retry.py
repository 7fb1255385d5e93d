"""How a driver that failed is opened again."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NEVER_AGAIN", "Retry"]


@dataclass(frozen=True, slots=True)
class Retry:
    """A restart budget: a driver may be opened again `budget` times within `within` seconds; more is for good.

    Only an opening that succeeds counts. A device that is away is waited for as long as it takes.
    """

    budget: int = 20
    within: float = 60.0


NEVER_AGAIN = Retry(budget=0)
"""Suits files: opened again, they would begin anew."""
