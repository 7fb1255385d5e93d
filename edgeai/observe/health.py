"""Whether a pipeline does what it is there for."""

from __future__ import annotations

from edgeai.clock import NS
from edgeai.messages import NEVER
from edgeai.observe.journal import Journal
from edgeai.observe.observed import Observed

__all__ = ["complaints"]

SILENCE = 5.0
"""Seconds without a result after which a stream is not healthy; a stream asked for less often has two periods."""

_START = 10 * NS
"""ns that a pipeline has for its first results."""


def complaints(pipeline: Observed, journal: Journal, started: int) -> list[str]:
    """Return what is wrong now, a sentence each; empty when all is well. A pause, and a source's end, are no faults."""
    wrong = [str(fault) for fault in journal.faults.values()]
    if pipeline.paused or pipeline.finished:
        return wrong
    for name, stage in pipeline.graph.stages.items():
        snapshot = pipeline.latest(name).get()
        if snapshot.why and snapshot.status is not NEVER:
            continue  # its fault is told above
        patience = max(SILENCE, 2.0 / stage.rate[0]) if stage.rate else SILENCE
        if snapshot.status is NEVER and pipeline.clock.now() - started > _START:
            wrong.append(f"{name} has published nothing yet")
        elif snapshot.status is not NEVER and snapshot.age > patience:
            wrong.append(f"{name} has published nothing for {snapshot.age:.0f} s")
    return wrong
