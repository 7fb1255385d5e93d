"""One thing that was looked at: how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Verdict"]

Verdict = Literal["good", "mind", "bad", "absent"]
"""good: as it should be. mind: it works, and could be better. bad: it does not work. absent: not on this machine."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Of `topic`, `name` is as `says`; `do` is what would mend it, empty where nothing need be done.

    Nothing here tells who or where the machine is: no host name, user, address or serial number.
    """

    topic: str
    name: str
    verdict: Verdict
    says: str
    do: str = ""
