"""What a recording tells of the run that it is of, read when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from edgeai import plugins
from edgeai.messages import Result
from edgeai.recording.format import DECISIONS, results_of
from edgeai.recording.notes import Decision
from edgeai.recording.reader import Recording
from edgeai.schedule.events import JobDone

__all__ = ["Past", "policy_of"]


class Past:
    """The decisions and results of a recording. Reading raises RecordingError where it is damaged."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """The scheduler's decisions, in order."""
        records = self.recording.records((DECISIONS,), policies=policy_of)
        return tuple(record.value for record in records if isinstance(record.value, Decision))

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """The results of the jobs that end in this file, in the order of publication.

        At its borders a file of a rotation may hold some more: of a job whose end the file before it or after it tells,
        or what waits for another stage.
        """
        ended = {d.event.published for d in self.decisions if isinstance(d.event, JobDone) and d.event.ok}
        topics = [results_of(load.name) for load in self.recording.header.workload.stages]
        values = (record.value for record in self.recording.records(topics))
        return tuple(value for value in values if isinstance(value, Result) and value.published in ended)


def policy_of(name: str) -> Any:
    """Return the class of a policy by its plug-in's name. Raises PluginError."""
    return plugins.find("policies", name)
