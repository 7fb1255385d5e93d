"""The layout of a recording, version 1: an MCAP file that Foxglove opens.

    MCAP header, profile `edgeai`
    /edgeai/header           once, first: versions, graph, workload, policy, board, models, sources (see header.py)
    /edgeai/snapshot         once, second: the scheduler's state, the items pending, what was measured at load
    /edgeai/decisions        an event and the scheduler's commands, in the order handled
    /edgeai/announcements    what people were told
    /edgeai/drops            (stage, origin, seq, cause) of items that no stage looked at
    /edgeai/faults           what failed, when, and with what sentence
    /edgeai/drivers          each new state of a driver, with its reason and its counts
    /edgeai/losses           what the recorder itself had no room for, by topic
    /edgeai/clock            pairs of the pipeline's clock and UTC, at the start and after steps of the wall clock
    /cameras/NAME/frames     seq, stamps, colour, shape and encoding of a picture; the picture follows in
    /cameras/NAME/image      foxglove.RawImage (`raw`) or foxglove.CompressedImage (`jpeg`)
    /cameras/NAME/calibration  foxglove.CameraCalibration, once, where intrinsics are known
    /sensors/NAME            readings
    /sensors/NAME/bytes      the bytes a reading was made of, where the driver hands them on
    /sensors/NAME/fix, /scan  foxglove.LocationFix, foxglove.LaserScan of readings that are such: for display
    /results/NAME            results, lossless
    /results/NAME/annotations  foxglove.ImageAnnotations: for display, not for replay
    /log                     foxglove.Log: announcements and faults as text

Topics without a foxglove schema hold JSON (see codec.py). A message's log_time is the time of writing it down on the
pipeline's clock (of a decision: its event's time), publish_time the stamp, sequence the low 32 bits of seq. Messages
lie in the file in the order in which things happened; that order counts, not log_time.

A file that follows another in a rotation, and one that was kept in memory, begins in the same way: the snapshot is the
state right before the first decision in that file.
"""

from __future__ import annotations

__all__ = [
    "ANNOUNCEMENTS",
    "CLOCK",
    "DECISIONS",
    "DRIVERS",
    "DROPS",
    "FAULTS",
    "HEADER",
    "LOG",
    "LOSSES",
    "MAX_CHUNK",
    "MAX_JSON",
    "MAX_RECORD",
    "PROFILE",
    "SCHEMA_VERSION",
    "SNAPSHOT",
    "annotations_of",
    "bytes_of",
    "calibration_of",
    "frames_of",
    "image_of",
    "readings_of",
    "results_of",
]

PROFILE = "edgeai"
SCHEMA_VERSION = 1

HEADER = "/edgeai/header"
SNAPSHOT = "/edgeai/snapshot"
DECISIONS = "/edgeai/decisions"
ANNOUNCEMENTS = "/edgeai/announcements"
DROPS = "/edgeai/drops"
DRIVERS = "/edgeai/drivers"
FAULTS = "/edgeai/faults"
LOSSES = "/edgeai/losses"
CLOCK = "/edgeai/clock"
LOG = "/log"

MAX_RECORD = 256 << 20
"""Bytes of a record that a reader allocates at most: a picture of 80 megapixels."""

MAX_CHUNK = 256 << 20
"""Bytes to which a chunk may unpack: what a decompression bomb gets at most."""

MAX_JSON = 16 << 20
"""Bytes of a JSON message."""


def frames_of(camera: str) -> str:
    """Return the topic of a camera's frames, without their pictures."""
    return f"/cameras/{camera}/frames"


def image_of(camera: str) -> str:
    """Return the topic of a camera's pictures."""
    return f"/cameras/{camera}/image"


def calibration_of(camera: str) -> str:
    """Return the topic of a camera's intrinsics."""
    return f"/cameras/{camera}/calibration"


def readings_of(sensor: str) -> str:
    """Return the topic of a sensor's readings."""
    return f"/sensors/{sensor}"


def bytes_of(sensor: str) -> str:
    """Return the topic of the bytes that came from a sensor."""
    return f"/sensors/{sensor}/bytes"


def results_of(stage: str) -> str:
    """Return the topic of a stage's results."""
    return f"/results/{stage}"


def annotations_of(stage: str) -> str:
    """Return the topic of what is drawn of a stage's results."""
    return f"/results/{stage}/annotations"
