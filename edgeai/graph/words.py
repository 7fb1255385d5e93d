"""How values and places are written in messages: short, printable, without passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["any_of", "brief", "dotted", "keys_of", "masked", "secret", "show"]

_USER = re.compile(r"(://)(?:[^/?#\s]*|[^\s/:@]+:[^\s@]*)@")
_SECRET = re.compile(
    r"((?:^|[?&;])[^=&?;\s]*(?:password|passwd|pwd|token|secret|key|auth)[^=&?;\s]*=)[^&;\s]*", re.IGNORECASE
)
_SECRET_KEY = re.compile(r"password|passwd|pwd|token|secret|api_?key|auth", re.IGNORECASE)


def masked(text: str) -> str:
    """Return a text with user names, passwords and tokens of URLs replaced by `***`."""
    return _SECRET.sub(r"\1***", _USER.sub(r"\1***@", text))


def show(value: Any, limit: int = 70) -> str:
    """Return a value as it is written in a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = repr(masked(value))
    elif isinstance(value, Mapping):
        text = "a mapping" if not value else f"a mapping with {any_of(list(value)[:6], 'and')}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(show(item, 20) for item in value[:8]) + (", …]" if len(value) > 8 else "]")
    elif isinstance(value, int | float):
        text = repr(value) if abs(value) < 1e30 else "a very large number"
    else:
        text = f"a Python {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def brief(key: str, value: Any) -> str:
    """Return an option as `key=value`: lists of mappings shortened, passwords hidden."""
    if secret(key):
        return f"{key}=***"
    if isinstance(value, list | tuple) and not any(isinstance(item, Mapping | list | tuple) for item in value):
        return f"{key}=[{', '.join(str(item) for item in value)}]"
    if isinstance(value, Mapping | list | tuple):
        return f"{key}=…"
    return f"{key}={masked(value) if isinstance(value, str) else show(value)}"


def secret(key: str | int) -> bool:
    """Say whether a key's name speaks of a password or token."""
    return isinstance(key, str) and bool(_SECRET_KEY.search(key))


def any_of(names: Iterable[Any], word: str = "or") -> str:
    """Return `a, b or c`."""
    items = [str(name) for name in names]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}" if items else "none"


def dotted(path: Iterable[str | int]) -> str:
    """Return `cameras.front.crop[2]` for the path of a value."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text if text.isprintable() else repr(text)[1:-1]


def keys_of(text: str) -> tuple[str | int, ...]:
    """Return the path of `cameras.front.crop[2]`."""
    return tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", text))
