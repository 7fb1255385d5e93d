"""A graph as a Mermaid flow chart, as Markdown viewers draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeai.graph.text import asked, work

if TYPE_CHECKING:
    from edgeai.graph.graph import Graph

__all__ = ["to_mermaid"]


def to_mermaid(graph: Graph) -> str:
    """Return a flow chart from left to right: sources rounded, stages square, outputs slanted."""
    lines = ["flowchart LR"]
    ids: dict[str, str] = {}
    for number, (name, device) in enumerate((*graph.cameras.items(), *graph.sensors.items())):
        ids[name] = f"source{number}"
        lines.append(f"    {ids[name]}([{_label(name, device.summary)}])")
    for number, (name, spec) in enumerate(graph.stages.items()):
        ids[name] = f"stage{number}"
        lines.append(f"    {ids[name]}[{_label(name, work(spec), asked(spec))}]")
    for name, spec in graph.stages.items():
        lines.append(f"    {ids[spec.input]} --> {ids[name]}")
        lines += [f"    {ids[other]} -.-> {ids[name]}" for other in spec.sync]
    for number, (name, device) in enumerate((graph.meters or {}).items()):
        lines.append(f"    meter{number}([{_label(name, device.summary)}]) -.-> schedule{{{{schedule}}}}")
    for number, (name, device) in enumerate(graph.outputs.items()):
        lines.append(f"    output{number}[/{_label(name, device.summary)}/]")
        lines += [f"    {ids[stage]} --> output{number}" for stage in graph.taken_by(name)]
    return "\n".join(lines) + "\n"


def _label(*lines: str) -> str:
    return '"' + "<br/>".join(_escaped(line) for line in lines if line) + '"'


def _escaped(text: str) -> str:
    """Write what Mermaid or HTML would read as its own as entities."""
    return "".join(f"#{ord(sign)};" if sign in "#\"'<>&`[]{}|\\\n" else sign for sign in text)
