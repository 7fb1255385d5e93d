"""A recording as a dataset: what a camera or sensor gave, and, where a stage is named, what it found as the truth.

Whoever lets a large model run over a drive gets truth for the small ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeai.errors import RecordingError
from edgeai.messages import Classification, ClassMap, Detections, Frame, Keypoints, Reading, Readings, Result, Score
from edgeai.perception.window import Window
from edgeai.recording.format import frames_of, image_of, readings_of, results_of
from edgeai.recording.reader import Recording
from edgeai.workbench.datasets.sample import Boxes, ClassName, Flag, Mask, Points, Sample, Truth, refuse

__all__ = ["Recorded"]

_SEEN = 0.3
"""A keypoint below this score was not seen, so that nobody has to find it."""


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """The messages of a source, or those of them that a stage looked at, each with what it found.

    truths: by seq; None where no stage is named.
    """

    name: str
    recording: Recording
    source: str
    count: int
    truths: Mapping[int, Truth] | None = None
    classes: None = None

    @classmethod
    def of(cls, path: Path, chosen: str) -> Recorded | None:
        """Open a recording of edgeai, None where the path is none; `chosen` is a source or stage, or empty.

        Raises RecordingError, ConfigError.
        """
        if not path.is_file():
            return None
        try:
            recording = Recording.open(path)
        except RecordingError:
            return None
        stages = {load.name: load for load in recording.header.workload.stages if not load.chained}
        if chosen in stages:
            truths = _truths(recording, chosen)
            source = stages[chosen].origin.partition("/")[0]  # windows of a sensor are offered as `sensor/stage`
            return cls(f"{path.name}, as {chosen} found", recording, source, len(truths), truths)
        source = _source(path, recording, chosen, tuple(stages))
        return cls(path.name, recording, source, sum(1 for _ in recording.messages(_counted(recording, source))))

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sample]:
        for message in self._messages():
            if self.truths is None or message.seq in self.truths:
                yield self._sample(message)

    def windows(self, length: int, hop: int) -> Iterator[Sample]:
        """Iterate over windows of readings; where a stage is named, over those that end where it found something."""
        window = Window(length, hop if self.truths is None else 1)
        for reading in self._messages():
            if not isinstance(reading, Reading):
                raise refuse(f"{self.source}, a camera, for a model that takes windows of a sensor", "a sensor")
            full = window.push(reading)
            if full is not None and (self.truths is None or full.seq in self.truths):
                yield self._sample(full)

    def _messages(self) -> Iterator[Frame | Reading]:
        for record in self.recording.records((image_of(self.source), *_counted(self.recording, self.source))):
            if isinstance(record.value, Frame | Reading):
                yield record.value

    def _sample(self, message: Frame | Reading | Readings) -> Sample:
        truth = None if self.truths is None else self.truths[message.seq]
        return Sample(f"{self.source}[{message.seq}]", lambda: message, truth)


def _counted(recording: Recording, source: str) -> tuple[str, ...]:
    """Return the topic that has one message for each of the source's."""
    return (frames_of(source) if source in recording.header.cameras else readings_of(source),)


def _source(path: Path, recording: Recording, chosen: str, stages: tuple[str, ...]) -> str:
    cameras, sensors = tuple(recording.header.cameras), recording.header.sensors
    if chosen in (*cameras, *sensors):
        return chosen
    only = cameras or sensors
    if not chosen and len(only) == 1:
        return only[0]
    found = f"{path} with {', '.join(only)}" if not chosen else f"{path}, which has no source or stage {chosen!r}"
    names = ", ".join(f"{path.name}#{name}" for name in (*cameras, *sensors, *stages))
    raise refuse(found, f"the source that is meant, or the stage whose results are the truth: {names}")


def _truths(recording: Recording, stage: str) -> dict[int, Truth]:
    """Return what a stage found, by the seq of what it looked at. Raises RecordingError, ConfigError."""
    found: dict[int, Truth] = {}
    for record in recording.records((results_of(stage),)):
        if isinstance(record.value, Result):
            found[record.value.inputs[0][1]] = _truth(record.value.value, stage)
    if not found:
        raise refuse(f"{recording.path}, in which {stage} found nothing", "a stage with results")
    return found


def _truth(value: Any, stage: str) -> Truth:
    for kind, make in _TRUTHS.items():
        if isinstance(value, kind):
            return make(value)
    expected = "a stage that gives boxes, classes, masks, keypoints or a score"
    raise refuse(f"{stage}, which gives {type(value).__name__}", expected)


def _boxes(value: Detections) -> Boxes:
    return Boxes(value.box.astype(np.float64), value.label, tuple(value.class_id.tolist()))


def _points(value: Keypoints) -> Points:
    point = value.point.astype(np.float64)
    seen = np.ones(point.shape[:2], bool) if value.score is None else value.score >= _SEEN
    spread = np.ptp(point, axis=1) if len(point) else np.zeros((0, 2))
    return Points(point, seen, np.hypot(spread[:, 0], spread[:, 1]), value.name)


_TRUTHS: dict[type, Callable[[Any], Truth]] = {
    Detections: _boxes,
    Keypoints: _points,
    Classification: lambda value: ClassName(int(value.class_id[0]), value.label[0]),
    ClassMap: lambda value: Mask(value.at(), None),
    Score: lambda value: Flag(value.over),
}
