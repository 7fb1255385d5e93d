"""A recording as a file of rerun (rerun.io): pictures with what was found in them, and curves, on one timeline."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from edgeai.driver import vendor
from edgeai.messages import Classification, Detections, Frame, Keypoints, Reading, Regression, Result, Score
from edgeai.recording.images import jpeg_of
from edgeai.recording.reader import FaultNote, Record
from edgeai.schedule.commands import Announce

__all__ = ["to_rerun"]

TIMELINE = "capture"
"""Seconds on the pipeline's clock: a picture and what was found in it have the same."""

QUALITY = 90
"""JPEG quality of pictures that were recorded raw."""


def to_rerun(records: Iterable[Record], path: Path, source_of: dict[str, str]) -> int:
    """Write records to an .rrd file and return how many it took; what rerun has no form for is passed over.

    source_of: the camera of each stream, under whose picture its boxes and points lie. Needs the extra `rerun`.
    Raises PluginError, OSError.
    """
    sdk = vendor("rerun", "rerun")
    path.touch()  # rerun tells of a path that cannot be written on its own standard error alone
    stream = sdk.RecordingStream("edgeai")
    stream.save(path)
    taken = 0
    for record in records:
        shown = list(_shown(sdk, record, source_of))
        for entity, seconds, archetype in shown:
            stream.set_time(TIMELINE, duration=seconds)
            stream.log(entity, archetype)
        taken += bool(shown)
    stream.disconnect()
    return taken


def _shown(sdk: Any, record: Record, source_of: dict[str, str]) -> Iterable[tuple[str, float, Any]]:
    """Return (entity, seconds, archetype) of a record."""
    value = record.value
    if isinstance(value, Frame):
        jpeg = value.encoded or jpeg_of(value, QUALITY)
        return [
            (f"cameras/{value.source}", value.stamp / 1e9, sdk.EncodedImage(contents=jpeg, media_type="image/jpeg"))
        ]
    if isinstance(value, Reading):
        at = value.stamp / 1e9
        return [(f"sensors/{value.source}/{name}", at, sdk.Scalars(x)) for name, x in value.as_dict().items()]
    if isinstance(value, Result):
        return _of_result(sdk, value, source_of.get(value.stream))
    if isinstance(value, Announce):
        return [("log", record.t / 1e9, sdk.TextLog(f"{value.stage} {value.state}: {value.why}", level="INFO"))]
    if isinstance(value, FaultNote):
        return [("log", record.t / 1e9, sdk.TextLog(value.sentence, level="ERROR"))]
    return []


def _of_result(sdk: Any, result: Result, camera: str | None) -> list[tuple[str, float, Any]]:
    value, at, name = result.value, result.stamp / 1e9, result.stream
    rows = [(f"results/{name}/latency", at, sdk.Scalars(result.latency))]
    place = f"cameras/{camera}/{name}" if camera else f"results/{name}"
    if isinstance(value, Detections):
        labels = [f"{label} {score:.2f}" for label, score in zip(value.label, value.score, strict=True)]
        boxes = sdk.Boxes2D(
            array=value.box, array_format=sdk.Box2DFormat.XYXY, labels=labels, class_ids=value.class_id.clip(0, 65535)
        )
        rows.append((place, at, boxes))
    elif isinstance(value, Keypoints):
        rows.append((place, at, sdk.Points2D(value.point.reshape(-1, 2))))
    elif isinstance(value, Regression):
        rows += [(f"results/{name}/{key}", at, sdk.Scalars(number)) for key, number in value.as_dict().items()]
    elif isinstance(value, Score):
        rows.append((f"results/{name}/{value.name}", at, sdk.Scalars(value.value)))
    elif isinstance(value, Classification):
        words = ", ".join(f"{row['label']} {row['score']:.2f}" for row in value.rows())
        rows.append((f"results/{name}/classes", at, sdk.TextLog(words)))
    return rows
