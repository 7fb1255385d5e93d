"""The pipeline as data: typed specs, YAML with line numbers, and everything that can be known to be wrong in it."""

from __future__ import annotations

from edgeai.graph.graph import Graph
from edgeai.graph.spec import DeviceSpec, LiveViewSpec, RecordSpec, ScheduleSpec, StageSpec

__all__ = ["DeviceSpec", "Graph", "LiveViewSpec", "RecordSpec", "ScheduleSpec", "StageSpec"]
