"""Label files in the forms they come in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import ModelError

__all__ = ["UNNAMED", "Labels", "parse_labels", "read_labels"]

UNNAMED = "???"
"""The label of a class that has no name, as label files write it."""
MAX_BYTES = 1 << 20
MAX_CLASSES = 100_000

_BACKGROUND = {UNNAMED, "background", "__background__", "unlabeled", "unlabelled", "none"}
_NUMBERED = re.compile(r"\s*(\d{1,6})(?:\s*[:,]\s*|\s+)(\S.*)")


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of classes by class number, and where they come from.

    `numbered` says that the file gave a number with each name, so that there may be gaps and missing ends.
    """

    names: tuple[str, ...]
    origin: str
    numbered: bool = False

    def fit(self, classes: int) -> tuple[str, ...]:
        """Return one name for each of `classes` classes.

        A background in front is left out when the model does not count it. Raises ModelError when they do not fit.
        """
        names = self.names
        if len(names) == classes + 1 and names[0].lower() in _BACKGROUND:
            return names[1:]
        if len(names) == classes:
            return names
        if self.numbered and len(names) < classes:
            return names + (UNNAMED,) * (classes - len(names))
        raise ModelError(
            f"{self.origin} has {len(names)} labels and the model {classes} classes: give the label file this model "
            f"was trained with, `labels: <file>`, one name for each class"
        )


def parse_labels(text: str, origin: str) -> Labels:
    """Parse one name a line, or `number name` a line, in which case gaps become `???`.

    Raises ModelError when there is no label, or a number beyond reason.
    """
    lines = text.removeprefix("\ufeff").rstrip().splitlines()
    if not lines or len(lines) > MAX_CLASSES:
        raise ModelError(f"{origin} has {len(lines)} lines: a label file has one name a line")
    numbered = [_NUMBERED.fullmatch(line) for line in lines if line.strip()]
    names: dict[int, str] = {int(match[1]): match[2].strip() for match in numbered if match}
    if len(names) == len(numbered):
        if max(names) >= MAX_CLASSES:
            raise ModelError(f"{origin} numbers a class {max(names)}: numbers go up to {MAX_CLASSES - 1}")
        return Labels(tuple(names.get(i, UNNAMED) for i in range(max(names) + 1)), origin, numbered=True)
    return Labels(tuple(line.strip() or UNNAMED for line in lines), origin)


def read_labels(labels: str | Path | Iterable[str], origin: str, beside: Path | None = None) -> Labels:
    """Take labels as a sequence of names, or read them from a text file; a relative path counts from `beside`.

    Raises ModelError when the file cannot be read, is too large or is not UTF-8.
    """
    if not isinstance(labels, str | Path):
        return Labels(tuple(labels), origin)
    path = (beside or Path()) / Path(labels).expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(
            f"label file {path} cannot be read ({error.strerror}): correct the path in {origin}"
        ) from error
    return decode_labels(content, str(path))


def decode_labels(content: bytes, origin: str) -> Labels:
    """Parse the bytes of a label file. Raises ModelError when they are too many or not UTF-8."""
    if len(content) > MAX_BYTES:
        raise ModelError(f"{origin} is larger than {MAX_BYTES >> 20} MiB, too large for a label file: give another")
    try:
        return parse_labels(content.decode("utf-8"), origin)
    except UnicodeDecodeError as error:
        raise ModelError(f"{origin} is not UTF-8 text: save the label file as UTF-8") from error
