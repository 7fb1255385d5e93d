"""A story as one HTML file that asks nothing of anybody: styles, charts and pictures are inside."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from edgeai.power.boards import load_board
from edgeai.workbench.report.bins import Bins, quantile
from edgeai.workbench.report.ledger import drops, ledger
from edgeai.workbench.report.pictures import Picture
from edgeai.workbench.report.story import PHASES, Happening, StageStory, Story
from edgeai.workbench.report.timeline import clock, timeline

__all__ = ["page"]

_AGAIN = 5_000_000_000
"""ns within which the same thing happening again is told once, with a count."""
_ROWS = 40
"""Happenings that stand open; the rest is folded away."""
_FLAGGED = ("failed", "stalled", "lost", "retrying", "infeasible", "load failed", "no room")


def page(story: Story, pictures: Sequence[Picture]) -> str:
    """Return the page."""
    told = _folded(story.happenings)
    marks = [(n, h) for n, (h, _) in enumerate(told, 1) if h.what in _FLAGGED or h.what.startswith("policy ")]
    sections = [
        ("Over time", timeline(story, marks)),
        ("Where the time went", ledger(story)),
        ("The slowest frames", _pictures(story, pictures)),
        ("Frames that were not looked at", drops(story)),
        ("What happened, and why", _happenings(story, told)),
        ("What ran", _provenance(story)),
    ]
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections if content)
    style = Path(__file__).with_name("page.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(story.name)} - edgeai report</title><style>{style}</style></head>"
        f"<body><main>{_top(story)}{body}</main></body></html>\n"
    )


def _top(story: Story) -> str:
    header = story.header
    board = load_board(header.board).title
    began = header.utc[0][1] + story.began - header.utc[0][0] if header.utc else None
    when = "" if began is None else f"{datetime.fromtimestamp(began / 1e9, UTC):%Y-%m-%d %H:%M} UTC · "
    where = f"{when}{board} · {header.machine} · {'live' if header.engine == 'live' else 'virtual time'}"
    lead = " ".join(_sentences(story))
    tiles = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in _tiles(story))
    return (
        f'<header><h1>{escape(story.name)}</h1><p class="soft">{escape(where)}</p></header>'
        f'<p class="lead">{escape(lead)}</p><dl class="tiles">{tiles}</dl>'
    )


def _sentences(story: Story) -> list[str]:
    """Say in a few sentences how it went."""
    said = []
    for name, stage in story.stages.items():
        if stage.load.chained or not stage.looks:
            continue
        deadline = stage.load.deadline
        limit = "" if deadline is None else f" the deadline of {deadline / 1e6:g} ms"
        missed = "none missed" if not stage.missed else f"{stage.missed} of {stage.offered} missed"
        said.append(f"{name} gave {_rate(story, stage):.1f} results a second; {missed}{limit}.")
        if len(stage.load.points) > 1:
            said.append(_ladder_sentence(stage))
    silent = [name for name, stage in story.stages.items() if not stage.looks]
    said += [f"{name} gave no result." for name in silent]
    if story.budgets:
        watts = [value for value in Bins.of(story).watts(story)[0] if value is not None]
        budgets = ", then ".join(f"{budget:g} W" for _, budget in story.budgets)
        said.append(f"The board took at most {max(watts):.2f} W; its budget was {budgets}.")
    faults = sum(h.kind == "fault" for h in story.happenings)
    said.append("Nothing failed." if not faults else f"{faults} fault{'s' if faults > 1 else ''}, told below.")
    if story.lost:
        said.append("The recorder had no room for all of it: some of what follows is missing.")
    return said


def _ladder_sentence(stage: StageStory) -> str:
    shares = Counter(look.variant for look in stage.looks)
    words = [f"{variant} {max(1, round(100 * n / len(stage.looks)))} %" for variant, n in shares.most_common()]
    return f"It ran {', '.join(words)} of the time."


def _tiles(story: Story) -> list[tuple[str, str]]:
    main = next((s for s in story.stages.values() if s.looks and not s.load.chained), None)
    watts, basis = Bins.of(story).watts(story)
    known = [value for value in watts if value is not None]
    mean = sum(known) / len(known) if known else 0.0
    tiles = [("duration", clock(story.seconds))]
    if main is not None:
        ordered = sorted(look.latency for look in main.looks)
        rate, p50, p99 = _rate(story, main), quantile(ordered, 0.5) / 1e6, quantile(ordered, 0.99) / 1e6
        age = sum(ordered) / len(ordered) / 1e6 + (500 / rate if rate else 0.0)
        useful = len(main.looks) - main.late
        tiles += [
            ("results a second", f"{rate:.1f}"),
            ("missed", f"{100 * main.missed / main.offered:.2f} <small>%</small>" if main.offered else "-"),
            ("latency, median", f"{p50:.1f} <small>ms</small>"),
            ("latency, 99 %", f"{p99:.1f} <small>ms</small>"),
            ("age at use", f"{age:.0f} <small>ms</small>"),
            (f"power, {basis}", f"{mean:.2f} <small>W</small>"),
            ("a result on time", f"{mean * story.seconds / useful:.3f} <small>J</small>" if useful else "-"),
        ]
    if story.celsius:
        tiles.append(("hottest", f"{max(value for _, value in story.celsius):.0f} <small>°C</small>"))
    return tiles


def _rate(story: Story, stage: StageStory) -> float:
    return len(stage.looks) / story.seconds if story.seconds else 0.0


def _pictures(story: Story, pictures: Sequence[Picture]) -> str:
    shown = []
    for picture in pictures:
        result = picture.result
        latency = (result.published - result.stamp) / 1e6
        look = next((x for x in story.stages[result.stream].looks if x.published == result.published), None)
        most = max(zip(PHASES, look.phases, strict=True), key=lambda part: part[1]) if look else ("", 0)
        source = f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}"
        words = f"<b>{latency:.1f} ms</b> at {clock(picture.at)}: {escape(result.stream)} on frame {result.seq}"
        words += f", {escape(result.variant)}; {most[1] / 1e6:.1f} ms of it {most[0]}" if look else ""
        alt = f"frame {result.seq} of {result.inputs[0][0]} with what {result.stream} found"
        shown.append(f'<figure><img src="{source}" alt="{escape(alt)}"><figcaption>{words}</figcaption></figure>')
    return f'<div class="pictures">{"".join(shown)}</div>' if shown else ""


def _folded(happenings: Sequence[Happening]) -> list[tuple[Happening, int]]:
    """Tell what happens again and again once, with a count."""
    told: list[tuple[Happening, int]] = []
    known: dict[tuple[str, str, str], tuple[int, int]] = {}
    for happening in happenings:
        key = happening.kind, happening.name, happening.what
        row, last = known.get(key, (0, 0))
        if key in known and happening.t - last < _AGAIN and happening.what != "planned":
            told[row] = told[row][0], told[row][1] + 1
        else:
            row = len(told)
            told.append((happening, 1))
        known[key] = row, happening.t
    return told


def _happenings(story: Story, told: Sequence[tuple[Happening, int]]) -> str:
    rows = []
    for number, (happening, times) in enumerate(told, 1):
        again = f' <span class="soft">× {times}</span>' if times > 1 else ""
        who = escape(happening.name or "all")
        at = clock((happening.t - story.began) * 1e-9)
        rows.append(
            f'<tr class="{happening.kind}"><td class="n">{number}</td><td class="n">{at}</td><td>{who}</td>'
            f"<td>{escape(happening.what)}{again}</td><td>{escape(happening.why)}</td></tr>"
        )
    if not rows:
        return "<p>Nothing was announced and nothing failed.</p>"
    more = f"<details><summary>and {len(rows) - _ROWS} more</summary>{_table(rows[_ROWS:])}</details>"
    return _table(rows[:_ROWS]) + (more if len(rows) > _ROWS else "")


def _table(rows: Sequence[str]) -> str:
    head = '<tr><th class="n">no.</th><th class="n">at</th><th>who</th><th>what</th><th>why</th></tr>'
    return f'<div class="wide"><table class="text"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'


def _provenance(story: Story) -> str:
    header = story.header
    versions = ", ".join(f"{name} {version}" for name, version in header.versions.items())
    models = "".join(
        f"<li>{escape(m.stage)}: {escape(m.name)} <code>sha256 {m.sha256[:16]}</code></li>" for m in header.models
    )
    lossy = "<p>Pictures were stored with losses: they are not exactly what was looked at.</p>" if header.lossy else ""
    graph = f"<details><summary>the graph</summary><pre>{escape(header.graph)}</pre></details>" if header.graph else ""
    lost = "".join(f"<li>not recorded: {count} of {escape(topic)}</li>" for topic, count in story.lost.items())
    return f"<p>{escape(versions)}</p>{lossy}<ul>{models}{lost}</ul>{graph}"
