"""Two runs compared: topic by topic, row by row, field by field."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from edgeai.replay.boxes import are_boxes, match_boxes
from edgeai.replay.rows import Row

__all__ = ["EXACT", "Comparison", "Difference", "Rule", "Rules", "TopicCount", "compare"]

MISSING = "nothing"
"""What stands for a row, a field or a detection that is not there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How near two values must be: |actual - expected| <= absolute + relative |expected|.

    path: a pattern (`objects.value.*.score`, `*.published`) of topic and field, a list's index being one part of it.
    iou: detections are matched by class and overlap instead of by their place in the list, and their boxes need not
    be nearer than that. ignore: whatever is there, nothing is compared.
    """

    path: str
    absolute: float = 0.0
    relative: float = 0.0
    iou: float | None = None
    ignore: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a comparison; the first that fits a path counts, and without one values must be equal."""

    rules: tuple[Rule, ...] = ()

    def at(self, path: str) -> Rule:
        """Return the rule for a path."""
        return next((rule for rule in self.rules if fnmatchcase(path, rule.path)), _EQUAL)


_EQUAL = Rule("*")

EXACT = Rules()
"""Everything must be equal."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs: its topic, the row's key and stamp (ns), the path within the row, and both values."""

    topic: str
    key: int
    stamp: int
    path: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        where = f"{self.topic} {self.key}" + (f" {self.path}" if self.path else "")
        return f"{where}: expected {_brief(self.expected)}, found {_brief(self.actual)}"


@dataclass(slots=True)
class TopicCount:
    """Rows of a topic: how many were expected and found, how many differ, and which fields how often."""

    expected: int = 0
    actual: int = 0
    changed: int = 0
    fields: Counter[str] = field(default_factory=Counter)

    @property
    def same(self) -> bool:
        """True when every row is there and agrees."""
        return self.expected == self.actual and not self.changed


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two runs, in the order of time; `rows` are those of the first result that differs."""

    topics: Mapping[str, TopicCount]
    differences: tuple[Difference, ...]
    rows: tuple[Row | None, Row | None] = (None, None)

    @property
    def same(self) -> bool:
        """True when nothing differs."""
        return not self.differences

    @property
    def first(self) -> Difference | None:
        """The first divergence."""
        return self.differences[0] if self.differences else None


def compare(
    expected: Iterable[Row], actual: Iterable[Row], rules: Rules = EXACT, alike: Mapping[str, int] | None = None
) -> Comparison:
    """Compare two runs. Rows belong together by topic and key; topics, counts and every field must agree.

    alike: how many more rows of a topic both runs have, which are known to be equal.
    """
    left, right = _by_topic(expected), _by_topic(actual)
    equal = alike or {}
    topics: dict[str, TopicCount] = {}
    found: list[Difference] = []
    for topic in sorted({*left, *right, *equal}):
        if rules.at(topic).ignore:
            continue
        theirs, ours = left.get(topic, {}), right.get(topic, {})
        count = topics[topic] = TopicCount(len(theirs) + equal.get(topic, 0), len(ours) + equal.get(topic, 0))
        for key in sorted({*theirs, *ours}):
            differences = list(_rows(topic, key, theirs.get(key), ours.get(key), rules))
            if differences:
                count.changed += 1
                count.fields.update({difference.path.split(".")[0] or "row" for difference in differences})
                found += differences
    found.sort(key=lambda difference: difference.stamp)
    result = next((difference for difference in found if difference.topic != "decisions"), None)
    rows = (None, None) if result is None else tuple(r.get(result.topic, {}).get(result.key) for r in (left, right))
    return Comparison(topics, tuple(found), (rows[0], rows[1]))


def _by_topic(rows: Iterable[Row]) -> dict[str, dict[int, Row]]:
    topics: dict[str, dict[int, Row]] = {}
    for row in rows:
        topics.setdefault(row.topic, {})[row.key] = row
    return topics


def _rows(topic: str, key: int, expected: Row | None, actual: Row | None, rules: Rules) -> Iterator[Difference]:
    one = expected or actual
    assert one is not None
    stamp = int(one.fields.get("stamp", 0))
    if expected is None or actual is None:
        yield Difference(topic, key, stamp, "", _shown(expected), _shown(actual))
        return
    for path, theirs, ours in _values(topic, "", dict(expected.fields), dict(actual.fields), rules):
        yield Difference(topic, key, stamp, path, theirs, ours)


def _shown(row: Row | None) -> Any:
    return MISSING if row is None else dict(row.fields)


def _values(topic: str, path: str, expected: Any, actual: Any, rules: Rules) -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, expected, actual) of whatever differs below a path."""
    rule = rules.at(f"{topic}.{path}" if path else topic)
    if path and rule.ignore:
        return
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name in sorted({*expected, *actual}):
            yield from _values(topic, _join(path, name), expected.get(name, MISSING), actual.get(name, MISSING), rules)
    elif rule.iou is not None and are_boxes(expected) and are_boxes(actual):
        yield from _detections(topic, path, expected, actual, rules, rule.iou)
    elif isinstance(expected, Sequence) and isinstance(actual, Sequence) and not isinstance(expected, str):
        for i in range(max(len(expected), len(actual))):
            theirs = expected[i] if i < len(expected) else MISSING
            ours = actual[i] if i < len(actual) else MISSING
            yield from _values(topic, _join(path, str(i)), theirs, ours, rules)
    elif not _near(expected, actual, rule):
        yield path, expected, actual


def _detections(
    topic: str, path: str, expected: Sequence[Any], actual: Sequence[Any], rules: Rules, iou: float
) -> Iterator[tuple[str, Any, Any]]:
    pairs = match_boxes(expected, actual, iou)
    for i, j in pairs:
        theirs, ours = ({k: v for k, v in found.items() if k != "box"} for found in (expected[i], actual[j]))
        yield from _values(topic, _join(path, str(i)), theirs, ours, rules)
    for i in sorted(set(range(len(expected))) - {i for i, _ in pairs}):
        yield _join(path, str(i)), expected[i], MISSING
    for j in sorted(set(range(len(actual))) - {j for _, j in pairs}):
        yield _join(path, str(j)), MISSING, actual[j]


def _near(expected: Any, actual: Any, rule: Rule) -> bool:
    if _is_number(expected) and _is_number(actual):
        if expected == actual or (math.isnan(expected) and math.isnan(actual)):
            return True
        return bool(abs(actual - expected) <= rule.absolute + rule.relative * abs(expected))
    return bool(expected == actual) and type(expected) is type(actual)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _brief(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    text = value if value == MISSING else repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
