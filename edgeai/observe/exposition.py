"""Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).

Written here because a scrape is pure Python on a robot that has better things to do: prometheus_client's own writer
takes six times as long, most of it on names that cannot be wrong here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from edgeai.observe.tallies import BOUNDS, Histogram

__all__ = ["KIND", "Family", "counter", "gauge", "histogram", "written"]

KIND = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]

_LE = [f'le="{bound}"' for bound in (*BOUNDS, "+Inf")]
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, what it says, and its lines, each a name's ending, labels as text, and a value."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    says: str
    lines: tuple[tuple[str, str, float], ...]


def counter(name: str, says: str, samples: Iterable[tuple[Labels, float]]) -> Family:
    """Return a counter; its name ends with _total."""
    return Family(name, "counter", says, tuple(("", _labels(labels), value) for labels, value in samples))


def gauge(name: str, says: str, samples: Iterable[tuple[Labels, float]]) -> Family:
    """Return a gauge."""
    return Family(name, "gauge", says, tuple(("", _labels(labels), value) for labels, value in samples))


def histogram(name: str, says: str, samples: Iterable[tuple[Labels, Histogram]]) -> Family:
    """Return a histogram with rising buckets, their count and the sum of what was counted."""
    return Family(name, "histogram", says, tuple(_buckets(samples)))


def written(families: Iterable[Family]) -> bytes:
    """Return families as text."""
    parts: list[str] = []
    for family in families:
        name = family.name
        parts.append(f"# HELP {name} {family.says}\n# TYPE {name} {family.kind}\n")
        for ending, labels, value in family.lines:
            parts.append(f"{name}{ending}{{{labels}}} {value}\n" if labels else f"{name}{ending} {value}\n")
    return "".join(parts).encode()


def _buckets(samples: Iterable[tuple[Labels, Histogram]]) -> Iterator[tuple[str, str, float]]:
    for labels, counted in samples:
        shown, below = _labels(labels), 0
        for bound, count in zip(_LE, counted.counts.copy(), strict=True):
            below += count
            yield "_bucket", f"{shown},{bound}", below
        yield "_count", shown, below
        yield "_sum", shown, counted.total


def _labels(labels: Labels) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels.items())
