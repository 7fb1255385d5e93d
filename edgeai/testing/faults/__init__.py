"""Faults at a moment of one's choice, live and on the virtual clock, by one grammar.

    pipeline = Pipeline(graph, disturb=Faults.parse("front:unplug@5s,3s", "brown-out@10s,2s,4"))

See `grammar` for the kinds there are. Times count from the start of the pipeline, or of the recording in a replay.
"""

from __future__ import annotations

from edgeai.testing.faults.grammar import Fault, FaultKind, parse_fault
from edgeai.testing.faults.plan import Faults

__all__ = ["Fault", "FaultKind", "Faults", "parse_fault"]
