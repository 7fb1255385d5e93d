"""Luck by seed: each thing that varies has a generator of its own, so that none changes when another is left out."""

from __future__ import annotations

from random import Random

__all__ = ["generator"]


def generator(seed: int, what: str) -> Random:
    """Return the generator of one thing; the same for the same seed and name, on every machine."""
    return Random(f"{seed}/{what}")  # noqa: S311 - weather, not secrets
