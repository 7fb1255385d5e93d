"""The part of a report that shows a run over time: small charts one below the other, with one axis for all."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from edgeai.workbench.report.bins import Bins, Lane
from edgeai.workbench.report.story import Happening, StageStory, Story
from edgeai.workbench.report.svg import ceiling, lines, shares

__all__ = ["clock", "colours", "timeline"]

_COLOURS = 6
_NEAR = 0.025
"""Marks nearer to each other than this part of the width share a flag."""


def timeline(story: Story, marks: Sequence[tuple[int, Happening]]) -> str:
    """Return the charts; `marks` are numbered happenings, drawn as flags through all of them."""
    bins = Bins.of(story)
    rows = [
        _rates(story, bins),
        _misses(story, bins),
        *_latencies(story, bins),
        *_variants(story, bins),
        _power(story, bins),
    ]
    if story.celsius:
        rows.append(_heat(story, bins))
    flags = _flags(story, marks)
    return f'<div class="timeline">{flags}{"".join(rows)}{_axis(story)}</div>'


def colours(names: Sequence[str]) -> dict[str, str]:
    """Return a css class for each name."""
    return {name: f"c{i % _COLOURS}" for i, name in enumerate(names)}


def clock(seconds: float) -> str:
    """Return a time since the beginning as people write it."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 120 else f"{minutes // 60}:{minutes % 60:02d} h"


def _rates(story: Story, bins: Bins) -> str:
    lanes = {name: bins.rate(look.published for look in stage.looks) for name, stage in story.stages.items()}
    return _chart("Results a second", lanes, colours(list(lanes)), "")


def _misses(story: Story, bins: Bins) -> str:
    lanes = {name: bins.rate(stage.misses) for name, stage in story.stages.items()}
    return _chart("Missed a second", lanes, colours(list(lanes)), "", low=True)


def _latencies(story: Story, bins: Bins) -> list[str]:
    """A chart for each stage: latencies, and how old what one finds at any moment is in the mean."""
    charts = []
    for name, stage in story.stages.items():
        if stage.looks:
            lanes = {
                "half within": bins.latency(stage.looks, 0.5),
                "99 % within": bins.latency(stage.looks, 0.99),
                "age at use": bins.age(stage.looks),
            }
            deadline = stage.load.deadline
            limit: Lane | None = None if deadline is None else [deadline / 1e6] * bins.count
            words = "" if deadline is None else f"deadline {deadline / 1e6:g} ms"
            charts.append(_chart(f"Latency and age of {name}, ms", lanes, colours(list(lanes)), words, limit))
    return charts


def _variants(story: Story, bins: Bins) -> list[str]:
    return [_ladder(name, stage, bins) for name, stage in story.stages.items() if len(stage.load.points) > 1]


def _ladder(name: str, stage: StageStory, bins: Bins) -> str:
    lanes = bins.variants(stage)
    styles = colours(list(lanes))
    head = _head(f"Variants of {name}", styles, "")
    return f'<figure>{head}<div class="plot low">{shares(lanes, styles)}</div></figure>'


def _power(story: Story, bins: Bins) -> str:
    lane, basis = bins.watts(story)
    limit: Lane | None = None
    if story.budgets:
        limit = _held(story, bins)
    words = "budget dashed" if limit else ""
    return _chart(f"Power, W, {basis}", {"board": lane}, {"board": "c2"}, words, limit)


def _held(story: Story, bins: Bins) -> Lane:
    """Return the budget that held in each bin."""
    lane: Lane = [None] * bins.count
    for t, watts in story.budgets:
        lane[bins.at(t) :] = [watts] * (bins.count - bins.at(t))
    return lane


def _heat(story: Story, bins: Bins) -> str:
    return _chart("Temperature, °C", {"processor": bins.mean(story.celsius)}, {"processor": "c1"}, "")


def _chart(
    title: str,
    lanes: dict[str, Lane],
    styles: dict[str, str],
    words: str,
    limit: Lane | None = None,
    *,
    low: bool = False,
) -> str:
    values = [value for lane in (*lanes.values(), limit or []) for value in lane if value is not None]
    high = ceiling([1.02 * value for value in values])
    drawn = lines([(styles[name], lane) for name, lane in lanes.items()], 0.0, high, limit)
    scale = "".join(f"<span>{high * part:g}</span>" for part in ((1, 0) if low else (1, 0.5, 0)))
    head = _head(title, styles if len(styles) > 1 else {}, words)
    return (
        f'<figure>{head}<div class="plot{" low" if low else ""}">{drawn}<div class="scale">{scale}</div></div></figure>'
    )


def _head(title: str, styles: dict[str, str], words: str) -> str:
    keys = "".join(f'<span class="key"><i class="{style}"></i>{escape(name)}</span>' for name, style in styles.items())
    said = f'<span class="soft">{escape(words)}</span>' if words else ""
    return f"<figcaption><b>{escape(title)}</b>{keys}{said}</figcaption>"


def _flags(story: Story, marks: Sequence[tuple[int, Happening]]) -> str:
    """Return numbered flags; those that would lie on each other share one."""
    groups: list[tuple[float, list[int], bool]] = []
    for number, happening in marks:
        x = (happening.t - story.began) / max(1, story.ended - story.began)
        bad = happening.kind in ("fault", "driver")
        if groups and x - groups[-1][0] < _NEAR:
            at, numbers, was_bad = groups[-1]
            groups[-1] = at, [*numbers, number], was_bad or bad
        else:
            groups.append((x, [number], bad))
    flags = "".join(
        f'<span class="flag{" bad" if bad else ""}" style="left:{100 * x:.2f}%"><b>{_span(numbers)}</b></span>'
        for x, numbers, bad in groups
    )
    return f'<div class="flags" aria-hidden="true">{flags}</div>' if flags else ""


def _span(numbers: list[int]) -> str:
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"


def _axis(story: Story) -> str:
    ticks = "".join(f"<span>{clock(story.seconds * part)}</span>" for part in (0, 0.25, 0.5, 0.75, 1))
    return f'<div class="axis">{ticks}</div>'
