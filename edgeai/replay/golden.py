"""Goldens: what a recording is expected to give, in a file that is looked at, reviewed and kept with the code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgeai.errors import RecordingError
from edgeai.replay.compare import EXACT, Comparison, Rule, Rules, compare
from edgeai.replay.rows import Row, canonical

__all__ = ["VERSION", "Golden", "check_golden", "load_golden", "save_golden"]

VERSION = 1
"""Of the file's form: a first line that says what it is, then a line a row."""


@dataclass(frozen=True, slots=True)
class Golden:
    """What is expected: rows, the rules they are compared by, and whether they came from a lossy recording.

    Topics that the golden does not have are not compared: it may be about one stream of many.
    """

    rows: tuple[Row, ...]
    rules: Rules = EXACT
    lossy: bool = False

    @property
    def topics(self) -> frozenset[str]:
        """The topics it speaks of."""
        return frozenset(row.topic for row in self.rows)

    def compare(self, rows: Iterable[Row], rules: Rules | None = None) -> Comparison:
        """Compare a run with it, by its own rules or others."""
        mine = [row for row in rows if row.topic in self.topics or not self.topics]
        return compare(self.rows, mine, rules if rules is not None else self.rules)


def check_golden(rules: Rules, *, lossy: bool) -> None:
    """Refuse exact comparison of what came from lossy pictures. Raises RecordingError."""
    if lossy and not any(rule.iou is not None or rule.absolute or rule.relative for rule in rules.rules):
        raise RecordingError(
            "the recording's pictures are lossy (jpeg), so results cannot be compared exactly: give a tolerance "
            "(--tolerance, --iou), or record with --cameras raw"
        )


def save_golden(path: Path, golden: Golden) -> None:
    """Write a golden, whole or not at all. Raises RecordingError."""
    head = {
        "edgeai": "golden",
        "version": VERSION,
        "lossy": golden.lossy,
        "rules": [asdict(rule) for rule in golden.rules.rules],
    }
    lines = [canonical(head), *(row.line() for row in golden.rows)]
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise RecordingError(f"{path} cannot be written ({error}): look at the folder and its permissions") from error


def load_golden(path: Path) -> Golden:
    """Read a golden. Raises RecordingError."""
    try:
        first, *rest = path.read_text(encoding="utf-8").splitlines()
        head = json.loads(first)
        if head["edgeai"] != "golden":
            raise KeyError("edgeai")
        if head["version"] > VERSION:
            raise RecordingError(f"{path} was written by a later edgeai (form {head['version']}): update edgeai")
        rules = Rules(tuple(Rule(**rule) for rule in head["rules"]))
        return Golden(tuple(_row(json.loads(line)) for line in rest), rules, bool(head["lossy"]))
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be read ({error.strerror}): name a golden, or make one with --update"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{path} is no golden of edgeai ({error}): make one with --update") from error


def _row(fields: dict[str, Any]) -> Row:
    topic, key = fields.pop("topic"), fields.pop("key")
    if not isinstance(topic, str) or not isinstance(key, int):
        raise ValueError("a row without a topic and a key")
    return Row(topic, key, fields)
