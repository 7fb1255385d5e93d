"""Names that may become files: of zoos, families and variants, and paths at a mirror."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["SCHEME", "Reference", "is_name", "is_path"]

SCHEME = "zoo:"
"""How a graph, or the command line, says that a model is a zoo's and no file of its own."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,62}[A-Za-z0-9]|[A-Za-z0-9]", re.ASCII)
_LONGEST_PATH = 200


def is_name(text: str) -> bool:
    """Say whether a text is a name, which as one part of a path stays in its folder.

    It has up to 64 letters, digits, dots, dashes and underscores, no two dots in a row, and a letter or digit at its
    ends.
    """
    return _NAME.fullmatch(text) is not None


def is_path(text: str) -> bool:
    """Say whether a text is a path below a mirror: names with `/` between them."""
    return len(text) <= _LONGEST_PATH and all(is_name(part) for part in text.split("/"))


@dataclass(frozen=True, slots=True)
class Reference:
    """What names a family, or with `variant` one of its models."""

    family: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference | None:
        """Return what `zoo:family` or `family/variant` names, None for a text that can be no such name."""
        parts = text.removeprefix(SCHEME).split("/")
        return cls(*parts) if len(parts) <= 2 and all(is_name(part) for part in parts) else None

    def __str__(self) -> str:
        return self.family if self.variant is None else f"{self.family}/{self.variant}"
