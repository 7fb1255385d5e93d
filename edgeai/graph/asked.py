"""What is asked of a policy, in words: `budget 2.6 W, miss rate 1 %`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["told"]

_WORDS: dict[str, Callable[[float], str]] = {
    "budget": lambda watts: f"{watts:g} W",
    "miss_rate": lambda part: f"{100 * part:g} %",
    "accuracy": lambda part: f"{100 * part:g} %",
    "hours": lambda hours: f"{hours:g} h",
    "until": lambda seconds: f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}",
    "capacity": lambda energy: f"{energy:g} Wh",
    "reserve": lambda energy: f"{energy:g} Wh",
}


def told(asked: Mapping[str, Any]) -> str:
    """Return options of a policy and their values, each with its unit; nothing where nothing was asked."""
    words = [f"{name.replace('_', ' ')} {_WORDS.get(name, str)(value)}" for name, value in asked.items()]
    return ", ".join(words)
