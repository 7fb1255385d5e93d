"""The results that wait for an output."""

from __future__ import annotations

from collections import deque
from typing import Literal

from edgeai.messages import Frame, Result

__all__ = ["DEPTH", "Waiting"]

DEPTH = 64
"""Results that wait for an output which keeps all: two seconds at 30 a second, or 60 MB of frames at 640x480."""

Item = tuple[Result, Frame | None]


class Waiting:
    """Keeps the newest of each stream, or all up to DEPTH; what finds no room, or is replaced, is lost."""

    def __init__(self, keeps: Literal["all", "newest"]) -> None:
        self._keeps = keeps
        self._items: deque[Item] = deque()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """True when one more would be lost."""
        return self._keeps == "all" and len(self._items) >= DEPTH

    def put(self, item: Item) -> int:
        """Let a result wait, and return how many are lost by that."""
        if self.full:
            return 1
        if self._keeps == "newest":
            for i, (waiting, _) in enumerate(self._items):
                if waiting.stream == item[0].stream:
                    self._items[i] = item
                    return 1
        self._items.append(item)
        return 0

    def take(self) -> Item:
        """Return the one that has waited longest."""
        return self._items.popleft()

    def forget(self) -> int:
        """Let none wait, and return how many are lost by that."""
        lost = len(self._items)
        self._items.clear()
        return lost
