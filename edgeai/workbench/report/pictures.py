"""The worst frames of a story, with what was found in them, as JPEG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgeai.messages import Frame, Result
from edgeai.recording import format as layout
from edgeai.recording.reader import Recording
from edgeai.workbench.report.story import Story

__all__ = ["Picture", "worst_frames"]

_SHOWN = 6
_APART = 500_000_000
"""ns between two frames that are shown: six neighbours would show one hiccup."""
_WIDTH = 480
_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame that was answered late: its result, seconds since the beginning, and the annotated JPEG."""

    result: Result
    at: float
    jpeg: bytes


def worst_frames(
    recording: Recording, story: Story, told: Callable[[int], object] = lambda count: None
) -> tuple[Picture, ...]:
    """Read the frames of the results with the greatest latency, and draw the results into them; the worst first."""
    cameras = story.header.cameras
    wanted = {result.inputs[0]: result for result in _chosen(story) if result.inputs and result.inputs[0][0] in cameras}
    topics = [topic(name) for name, _ in wanted for topic in (layout.frames_of, layout.image_of)]
    found: dict[tuple[str, int], Picture] = {}
    for count, record in enumerate(recording.records(topics, salvage=True) if wanted else ()):
        told(count)
        frame = record.value
        if isinstance(frame, Frame) and (frame.source, frame.seq) in wanted:
            result = wanted[frame.source, frame.seq]
            at = (result.stamp - story.began) * 1e-9
            found[frame.source, frame.seq] = Picture(result, at, _jpeg(frame, result))
            if len(found) == len(wanted):
                break
    return tuple(found[key] for key in wanted if key in found)


def _chosen(story: Story) -> list[Result]:
    """Return the slowest results of the stages that look at pictures, beside their deadlines, some time apart."""
    candidates = [
        (latency / (stage.load.deadline or 1e9), result)
        for stage in story.stages.values()
        if not stage.load.chained
        for latency, _, result in stage.worst
    ]
    chosen: list[Result] = []
    for _, result in sorted(candidates, key=lambda each: (-each[0], each[1].stamp)):
        if len(chosen) < _SHOWN and all(abs(result.stamp - other.stamp) >= _APART for other in chosen):
            chosen.append(result)
    return chosen


def _jpeg(frame: Frame, result: Result) -> bytes:
    import cv2

    from edgeai.draw import annotate

    image: Any = frame.image[:, :, ::-1] if frame.colour == "rgb" else frame.image
    picture = annotate(image, result)
    height, width = picture.shape[:2]
    if width > _WIDTH:
        picture = cv2.resize(picture, (_WIDTH, round(height * _WIDTH / width)), interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(jpeg) if done else b""
