"""What a stage remembers from one job to the next: a frozen value, so that it can be recorded and restored."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["Memory"]

T = TypeVar("T")


class Memory(Generic[T]):
    """A value that each job of a stage may replace; jobs of one stage run one after the other.

    Any thread may ask for it: what a job found counts `settled` only when the scheduler has been told that it is done.
    """

    def __init__(self, value: T) -> None:
        self._held: tuple[int | None, T, T] = None, value, value
        """The item (its seq) that was worked on last, and the value before and after that."""

    @property
    def value(self) -> T:
        """The newest value."""
        return self._held[2]

    def keep(self, seq: int, value: T) -> None:
        """Remember what follows from the item `seq`."""
        self._held = seq, self._held[2], value

    def settled(self, running: int | None) -> T:
        """Return the value without what the job on the item `running` has already added."""
        seq, before, after = self._held
        return before if running is not None and seq == running else after

    def restore(self, value: T) -> None:
        """Go on from a value that was settled."""
        self._held = None, value, value
