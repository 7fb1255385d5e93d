"""A graph as a small tree for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgeai.graph.asked import told
from edgeai.graph.calls import name_of

if TYPE_CHECKING:
    from edgeai.graph.graph import Graph
    from edgeai.graph.spec import StageSpec

__all__ = ["asked", "quantity", "to_text", "work"]


def to_text(graph: Graph) -> str:
    """Return sources with the stages they feed below them, then outputs, then the schedule."""
    lines: list[str] = []
    for name, device in (*graph.cameras.items(), *graph.sensors.items()):
        lines.append(f"{name}  {device.summary}")
        lines += _below(graph, name, "")
    for name, device in (graph.meters or {}).items():
        lines.append(f"{name}  {device.summary} -> schedule")
    for name, device in graph.outputs.items():
        every = "all stages" if graph.stages else "all cameras"
        stages = every if device.stages is None else ", ".join(device.stages)
        lines.append(f"{stages} -> {name}  {device.summary}")
    return "\n".join([*lines, f"schedule  {_schedule(graph)}"]) + "\n"


def _below(graph: Graph, parent: str, indent: str) -> Iterator[str]:
    children = [name for name, spec in graph.stages.items() if spec.input == parent]
    for name in children:
        last = name == children[-1]
        spec = graph.stages[name]
        yield f"{indent}{'└─' if last else '├─'} {'  '.join(filter(None, (name, work(spec), asked(spec))))}"
        yield from _below(graph, name, indent + ("   " if last else "│  "))


def work(spec: StageSpec) -> str:
    """Return what a stage runs: its models in the order given, or its function."""
    return name_of(spec.call) if spec.call is not None else " | ".join(Path(model).name for model in spec.model or ())


def asked(spec: StageSpec) -> str:
    """Return what is asked of a stage: its rate, its deadline, and what else differs from the default."""
    words = []
    if spec.rate is not None:
        low, high = spec.rate
        words.append(f"{low:g} fps" if low == high else f"{low:g}-{high:g} fps")
    if spec.deadline is not None:
        words.append(f"deadline {quantity(spec.deadline)}")
    if spec.weight != 1:
        words.append(f"weight {spec.weight:g}")
    if spec.sync:
        words.append(f"joined with {', '.join(spec.sync)}")
    if spec.crop is not None:
        words.append(f"crops of {', '.join(spec.crop.classes)}" if spec.crop.classes else "crops")
    if spec.gate is not None:
        words.append("gated by motion")
    if spec.track is not None:
        words.append("tracked")
    if spec.added_latency:
        words.append(f"{quantity(spec.added_latency)} added")
    return ", ".join(words)


def quantity(seconds: float) -> str:
    """Return a duration as people write it: `100 ms`, `2 s`."""
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def _schedule(graph: Graph) -> str:
    schedule = graph.schedule
    words = [schedule.policy, f"{schedule.lanes} lane{'s' if schedule.lanes > 1 else ''}"]
    return ", ".join(filter(None, (*words, told(schedule.asked()))))
