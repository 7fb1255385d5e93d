"""The items the engine holds until every stage they feed has run or dropped them."""

from __future__ import annotations

from edgeai.runtime.program import Work

__all__ = ["ItemStore"]


class ItemStore:
    """Work by (origin, seq), each claimed by as many stages as it feeds. Used under the engine's lock."""

    def __init__(self, claims: dict[str, int]) -> None:
        """`claims` is the number of stages that each origin feeds."""
        self._claims = claims
        self._held: dict[tuple[str, int], tuple[Work, int]] = {}

    def hold(self, origin: str, seq: int, work: Work) -> None:
        """Keep an item for the stages its origin feeds; nothing is kept where it feeds none."""
        claims = self._claims.get(origin, 0)
        if claims:
            self._held[origin, seq] = work, claims

    def release(self, origin: str, seq: int) -> tuple[Work, bool]:
        """Give the item up for one stage; returns it and whether that was the last claim."""
        work, claims = self._held.pop((origin, seq))
        if claims > 1:
            self._held[origin, seq] = work, claims - 1
        return work, claims == 1

    def items(self) -> list[tuple[str, Work]]:
        """Return all that is held, with its origin."""
        return [(origin, work) for (origin, _), (work, _) in self._held.items()]

    def __len__(self) -> int:
        return len(self._held)
