"""A comparison as people and machines read it: a table in the terminal, Markdown, JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from rich.table import Table

from edgeai.replay.compare import Comparison, Difference, TopicCount

__all__ = ["junit", "markdown", "table"]

SHOWN = 20
"""Differences listed one by one; the counts tell of the others."""


def table(comparison: Comparison) -> Table:
    """Return a table with a line a topic."""
    drawn = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("topic", "expected", "found", "different", "fields"):
        drawn.add_column(heading, justify="left" if heading in ("topic", "fields") else "right")
    for topic, count in comparison.topics.items():
        drawn.add_row(*_cells(topic, count), style=None if count.same else "yellow")
    return drawn


def _cells(topic: str, count: TopicCount) -> tuple[str, str, str, str, str]:
    fields = ", ".join(f"{name} ({n})" for name, n in count.fields.most_common()) or "-"
    return topic, str(count.expected), str(count.actual), str(count.changed), fields


def markdown(comparison: Comparison, title: str = "Replay") -> str:
    """Return a report for a pull request: the verdict, a table, the first differences."""
    return "\n".join(_markdown(comparison, title)) + "\n"


def _markdown(comparison: Comparison, title: str) -> Iterator[str]:
    changed = sum(count.changed for count in comparison.topics.values())
    yield f"## {title}: {'the same' if comparison.same else f'{changed} rows differ'}"
    yield ""
    yield "| topic | expected | found | different | fields |"
    yield "|---|--:|--:|--:|---|"
    for topic, count in comparison.topics.items():
        yield f"| {' | '.join(_cells(topic, count))} |"
    if comparison.first is not None:
        yield ""
        yield f"First divergence at {comparison.first.stamp / 1e9:.3f} s:"
        yield ""
        yield from (f"- `{difference}`" for difference in comparison.differences[:SHOWN])
        if (more := len(comparison.differences) - SHOWN) > 0:
            yield f"- and {more} more"


def junit(comparison: Comparison, name: str = "replay") -> str:
    """Return JUnit XML with a test case a topic."""
    failures = sum(not count.same for count in comparison.topics.values())
    suite = ElementTree.Element(
        "testsuite", name=name, tests=str(len(comparison.topics)), failures=str(failures), errors="0"
    )
    for topic, count in comparison.topics.items():
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=topic)
        if not count.same:
            mine = [difference for difference in comparison.differences if difference.topic == topic]
            failure = ElementTree.SubElement(case, "failure", message=_message(count, mine))
            failure.text = "\n".join(map(str, mine[:SHOWN]))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _message(count: TopicCount, differences: list[Difference]) -> str:
    text = f"{count.changed} of {count.expected} rows differ"
    if count.expected != count.actual:
        text = f"{count.expected} rows expected, {count.actual} found; {text}"
    return f"{text}; first: {differences[0]}" if differences else text
