"""A schedule that changes while a pipeline runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeai.errors import ConfigError, Problem
from edgeai.graph.document import Document
from edgeai.graph.findings import Findings
from edgeai.graph.policy import check_policy, with_changes
from edgeai.graph.reader import read_schedule
from edgeai.graph.spec import ScheduleSpec

__all__ = ["reschedule"]

_AT_THE_START = {
    "lanes": "no lanes: they are made at the start",
    "memory": "no memory: models are laid out in it at the start",
    "profile": "no profile: it is read at the start",
}
"""What cannot be changed, and why."""


def reschedule(before: Mapping[str, Any], changes: Mapping[str, Any]) -> ScheduleSpec:
    """Return the schedule with changes to all that was said `before`, for other policies too. Raises ConfigError."""
    fixed = [key for key in _AT_THE_START if key in changes]
    if fixed:
        raise ConfigError(*(Problem(f"schedule.{key}", "a change", _AT_THE_START[key]) for key in fixed))
    document = Document.of({"schedule": with_changes(before, changes)})
    findings = Findings(document)
    spec = read_schedule(document.data, findings)
    check_policy(spec, findings)
    findings.raise_any()
    return spec
