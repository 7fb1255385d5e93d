"""The program of a model that looks at parts of a frame: those around the boxes of the stage before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeai.errors import ModelError
from edgeai.messages import Detections, Frame, Parts
from edgeai.perception.cropping import Crop, CropOptions, boxes_in, crops_of, cut, in_frame, parts_of
from edgeai.runtime.program import INVOKED, Program, Skipped, Step, Work

if TYPE_CHECKING:
    from edgeai.perception.model import Model

__all__ = ["cropped"]


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    frame: Frame
    found: Detections
    crops: list[Crop]


def cropped(model: Model, options: CropOptions) -> Program:
    """Return a program for one lane whose value is Parts; where there is nothing to cut out the model does not run."""

    def crop(work: Work) -> _Task | Skipped:
        if work.frame is None or work.result is None:
            raise ModelError(
                f"`crop` cuts parts out of pictures, and {work.captured.source} is no camera: leave it out"
            )
        found = boxes_in(work.result.value)
        crops = crops_of(found, work.frame.size, options)
        return _Task(work.frame, found, crops) if crops else Skipped("empty", parts_of(found, [], []))

    def look(task: _Task) -> Parts:
        values = [in_frame(model(cut(task.frame, crop)), crop, task.frame.size) for crop in task.crops]
        return parts_of(task.found, task.crops, values)

    return (Step("cropped", crop), Step(INVOKED, look))
