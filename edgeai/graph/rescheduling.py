"""A schedule that changes while a pipeline runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeai.errors import ConfigError, Problem
from edgeai.graph.checks import check_policy
from edgeai.graph.document import Document
from edgeai.graph.findings import Findings
from edgeai.graph.reader import read_schedule
from edgeai.graph.spec import ScheduleSpec

__all__ = ["reschedule"]


def reschedule(before: Mapping[str, Any], changes: Mapping[str, Any]) -> ScheduleSpec:
    """Return the schedule that was said `before`, changed. Raises ConfigError."""
    if "lanes" in changes:
        raise ConfigError(Problem("schedule.lanes", "another number", "no lanes: they are made at the start"))
    if "policy" in changes:  # another policy knows nothing of the options that only this one takes
        before = {key: value for key, value in before.items() if key in ScheduleSpec.model_fields}
    document = Document.of({"schedule": {**before, **changes}})
    findings = Findings(document)
    spec = read_schedule(document.data, findings)
    check_policy(spec, findings)
    findings.raise_any()
    return spec
