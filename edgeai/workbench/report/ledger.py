"""The part of a report that says where the time went, and what went by."""

from __future__ import annotations

from collections import Counter
from html import escape

from edgeai.workbench.report.bins import breakdown
from edgeai.workbench.report.story import PHASES, StageStory, Story
from edgeai.workbench.report.svg import ribbon

__all__ = ["drops", "ledger"]

_ROWS = (("half of the results", 0.5), ("one of ten", 0.9), ("one of a hundred", 0.99), ("the slowest", 1.0))
_STYLES = dict(zip(PHASES, (f"p{i}" for i in range(len(PHASES))), strict=True))
_CAUSES = {
    "superseded": "a newer frame came before it was looked at: a miss",
    "late": "it would have been late, so no work was spent on it: a miss",
    "fault": "the stage raised: a miss",
    "rate": "above the rate that was chosen: no miss",
    "gated": "nothing had changed: no miss",
    "paused": "the pipeline was paused: no miss",
    "unpaired": "what it was to be joined with did not come: no miss",
    "shutdown": "the run ended",
}


def ledger(story: Story) -> str:
    """Return a bar for each quantile of each stage's latency, cut into what the time was spent on."""
    found = {name: _rows(stage) for name, stage in story.stages.items() if stage.looks}
    used = [i for i in range(len(PHASES)) if any(row[1][i] > 0 for rows in found.values() for row in rows)]
    keys = "".join(f'<span class="key"><i class="{_STYLES[PHASES[i]]}"></i>{PHASES[i]}</span>' for i in used)
    parts = [f'<p class="keys">{keys}</p>']
    for name, rows in found.items():
        whole = max(sum(phases) for _, phases in rows)
        bars = "".join(_bar(title, phases, whole) for title, phases in rows)
        parts.append(f'<h3>{escape(name)}</h3><div class="bars">{bars}</div>{_table(rows, used)}')
    return "".join(parts)


def _rows(stage: StageStory) -> list[tuple[str, tuple[float, ...]]]:
    return [(title, breakdown(stage.looks, share)) for title, share in _ROWS]


def _bar(title: str, phases: tuple[float, ...], whole: float) -> str:
    drawn = ribbon([(_STYLES[p], p, ms) for p, ms in zip(PHASES, phases, strict=True) if ms > 0], whole)
    return f'<div class="bar"><span>{title}</span>{drawn}<b>{sum(phases):.1f} ms</b></div>'


def _table(rows: list[tuple[str, tuple[float, ...]]], used: list[int]) -> str:
    head = "".join(f"<th>{PHASES[i]}</th>" for i in used)
    body = "".join(
        f"<tr><th>{title}</th>{''.join(f'<td>{phases[i]:.2f}</td>' for i in used)}<td>{sum(phases):.2f}</td></tr>"
        for title, phases in rows
    )
    table = f"<table><thead><tr><th>ms</th>{head}<th>in all</th></tr></thead><tbody>{body}</tbody></table>"
    return f'<details><summary>in figures</summary><div class="wide">{table}</div></details>'


def drops(story: Story) -> str:
    """Return a table of what no stage looked at, by cause."""
    rows = []
    for name, stage in story.stages.items():
        counted = Counter(cause for _, cause in stage.drops)
        for cause, count in counted.most_common():
            why = escape(_CAUSES.get(cause, ""))
            cells = f"<td>{escape(name)}</td><td>{escape(cause)}</td><td class='n'>{count}</td><td>{why}</td>"
            rows.append(f"<tr>{cells}</tr>")
    if not rows:
        return "<p>None: every frame was looked at.</p>"
    head = "<tr><th>stage</th><th>cause</th><th class='n'>frames</th><th>what that means</th></tr>"
    return f'<div class="wide"><table class="text"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'
