"""`edgeai info`: what is in a recording."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeai.cli import screen
from edgeai.cli.options import AsJson, Recorded

if TYPE_CHECKING:
    from edgeai.recording.foreign import Log
    from edgeai.recording.header import Header
    from edgeai.recording.survey import Survey

__all__ = ["info"]


def info(recording: Recorded, as_json: AsJson = False) -> None:
    """Say what is in a recording: streams, rates, gaps, what ran, and what was lost; in a log of others, its sources.

    Example: edgeai info drive.mcap
    """
    from edgeai.recording.foreign import open_log
    from edgeai.recording.foreign.own import is_recording
    from edgeai.recording.foreign.rosbag import is_bag
    from edgeai.recording.reader import Recording
    from edgeai.recording.survey import survey

    if is_bag(recording) or (recording.suffix != ".mcap" and not is_recording(recording)):
        _log(open_log(recording), as_json=as_json)
        return
    opened = Recording.open(recording)
    found = survey(opened)
    if as_json:
        screen.print_json(_plain(opened.header, found))
    else:
        _show(recording, opened.header, found)


def _plain(header: Header, found: Survey) -> dict[str, Any]:
    topics = {
        name: {**asdict(topic), "rate": round(topic.rate, 3), "gap": round(topic.gap, 3)}
        for name, topic in found.topics.items()
    }
    return {
        "schema": header.schema,
        "kind": header.kind,
        "part": header.part,
        "engine": header.engine,
        "seconds": round(found.seconds, 3),
        "complete": found.complete,
        "lossy": header.lossy,
        "board": header.board,
        "machine": header.machine,
        "versions": dict(header.versions),
        "models": [{"stage": m.stage, "name": m.name, "sha256": m.sha256} for m in header.models],
        "topics": topics,
        "drops": found.drops,
        "lost": found.lost,
        "damage": list(found.damage),
    }


def _log(log: Log, *, as_json: bool) -> None:
    """Show the sources of a log that another program made."""
    if as_json:
        sources = [{**asdict(source), "rate": source.rate} for source in log.sources]
        screen.print_json({"format": log.format, "clock": log.clock, "sources": sources})
        return
    from rich.table import Table

    console = screen.console()
    seconds = (log.end - log.start) * 1e-9
    console.print(f"{log.path}: {log.format}, {seconds:.1f} s, times are {log.clock}", highlight=False, soft_wrap=True)
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("source", "kind", "entries", "a second", "columns"):
        table.add_column(heading, justify="right" if heading in ("entries", "a second") else "left")
    for source in log.sources:
        rate = "-" if source.rate is None else f"{source.rate:.1f}"
        table.add_row(source.name, source.kind, str(source.count), rate, ", ".join(c.name for c in source.columns))
    console.print(table)


def _show(path: Path, header: Header, found: Survey) -> None:
    console = screen.console()
    end = "complete" if found.complete else "torn: `edgeai recover` makes a whole file of it"
    versions = ", ".join(f"{name} {version}" for name, version in header.versions.items())
    lines = [
        f"{path}: {header.kind}, part {header.part}, {found.seconds:.1f} s, {end}",
        f"{header.engine} on {header.machine}, board {header.board}; schema version {header.schema}; {versions}",
    ]
    lines += [f"model of {m.stage}: {m.name}, sha256 {m.sha256[:16]}" for m in header.models]
    lines += [
        f"camera {name}: {camera.store}{', LOSSY' if camera.lossy else ''}" for name, camera in header.cameras.items()
    ]
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    headings = ("topic", "messages", "a second", "longest gap", "MB")
    table = screen.table(*headings, left=headings[:1], whole=headings)
    for name, topic in sorted(found.topics.items()):
        gap = f"{topic.gap:.2f} s" if topic.gap else "-"
        table.add_row(name, str(topic.messages), f"{topic.rate:.1f}", gap, f"{topic.bytes / 1e6:.2f}")
    console.print(table)
    rows = [("dropped", found.drops), ("not recorded", found.lost)]
    notes = [f"{word}: {', '.join(f'{n} {what}' for what, n in sorted(d.items()))}" for word, d in rows if d]
    notes += [f"damaged: {sentence}" for sentence in found.damage]
    for note in notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
