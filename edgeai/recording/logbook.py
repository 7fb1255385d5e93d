"""One file of a recording: values in, messages out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgeai.driver import DriverState
from edgeai.messages import Frame, Reading, Result
from edgeai.recording import format as layout
from edgeai.recording import foxglove
from edgeai.recording.codec import encode, to_bytes
from edgeai.recording.header import Header, Opening
from edgeai.recording.images import FrameNote, jpeg_of, packed
from edgeai.recording.mcap_writer import McapFile
from edgeai.recording.notes import Decision, FaultNote, Loss, UtcPair
from edgeai.recording.schemas import schema_of
from edgeai.schedule.commands import Announce, Drop

__all__ = ["Entry", "Logbook"]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Something that happened: its time of writing down (ns), and the value."""

    t: int
    value: Any


_JSON = {
    Decision: (layout.DECISIONS, "edgeai.Decision"),
    Drop: (layout.DROPS, "edgeai.Drop"),
    Loss: (layout.LOSSES, "edgeai.Loss"),
    UtcPair: (layout.CLOCK, "edgeai.UtcPair"),
}


class Logbook:
    """Writes entries to a new file. Methods raise OSError; what is in the file by then can be read."""

    def __init__(self, path: Path, header: Header, opening: Opening, qualities: dict[str, int]) -> None:
        """`qualities`: of each camera whose pictures are stored as JPEG, 1 to 100; the others' are stored raw."""
        self.path = path
        self._qualities = qualities
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._calibrated: set[str] = set()
        self._file = McapFile(path, layout.PROFILE, f"edgeai {header.versions.get('edgeai', '')}")
        self._json(layout.HEADER, "edgeai.Header", opening.t, header)
        state = {**encode(replace(opening, scheduler=None)), "scheduler": opening.scheduler}
        self._message(layout.SNAPSHOT, "edgeai.Opening", opening.t, opening.t, 0, to_bytes(state))
        self._file.flush()

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._file.size

    def write(self, entry: Entry) -> None:
        """Write what happened, in our form and for display."""
        t, value = entry.t, entry.value
        if isinstance(value, Frame):
            self._frame(t, value)
        elif isinstance(value, Reading):
            self._reading(t, value)
        elif isinstance(value, Result):
            self._result(t, value)
        elif isinstance(value, Announce):
            self._json(layout.ANNOUNCEMENTS, "edgeai.Announce", t, value)
            self._foxglove(layout.LOG, t, t, 0, foxglove.log(t, value.stage, f"{value.state}: {value.why}", bad=False))
        elif isinstance(value, DriverState):
            self._json(layout.DRIVERS, "edgeai.DriverState", t, value)
            self._foxglove(layout.LOG, t, t, 0, foxglove.log(t, value.name, str(value), bad=not value.works))
        elif isinstance(value, FaultNote):
            self._json(layout.FAULTS, "edgeai.Fault", t, value)
            self._foxglove(layout.LOG, t, t, 0, foxglove.log(t, value.name, value.sentence, bad=True))
        else:
            topic, schema = _JSON[type(value)]
            self._json(topic, schema, t, value)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def sync(self) -> None:
        """Have the disk keep it."""
        self._file.sync()

    def close(self, *, finish: bool) -> None:
        """Close the file, with its summary when `finish`."""
        try:
            if finish:
                self._file.finish()
        finally:
            self._file.close()

    # -- inside ------------------------------------------------------------------------------------------------

    def _frame(self, t: int, frame: Frame) -> None:
        quality = self._qualities.get(frame.source)
        jpeg = frame.encoded if quality is None else jpeg_of(frame, quality)
        stored = f"jpeg:{quality}" if quality is not None else "raw" if jpeg is None else "camera"
        width, height = frame.size
        note = FrameNote(frame.seq, frame.stamp, frame.colour, width, height, stored, frame.timing, frame.intrinsics)
        self._json(layout.frames_of(frame.source), "edgeai.Frame", t, note, frame.stamp, frame.seq)
        schema = "foxglove.RawImage" if jpeg is None else "foxglove.CompressedImage"
        picture = packed(frame, jpeg)
        self._message(
            layout.image_of(frame.source), schema, t, frame.stamp, frame.seq, picture, lossy=quality is not None
        )
        if frame.source not in self._calibrated and (calibration := foxglove.calibration(frame)) is not None:
            self._calibrated.add(frame.source)
            self._foxglove(layout.calibration_of(frame.source), t, frame.stamp, frame.seq, calibration)

    def _reading(self, t: int, reading: Reading) -> None:
        topic = layout.readings_of(reading.source)
        self._json(topic, "edgeai.Reading", t, reading, reading.stamp, reading.seq)
        if reading.encoded is not None:
            raw = layout.bytes_of(reading.source)
            self._message(raw, "", t, reading.stamp, reading.seq, reading.encoded)
        if (fix := foxglove.fix(reading)) is not None:
            self._foxglove(f"{topic}/fix", t, reading.stamp, reading.seq, fix)
        if (scan := foxglove.scan(reading)) is not None:
            self._foxglove(f"{topic}/scan", t, reading.stamp, reading.seq, scan)

    def _result(self, t: int, result: Result) -> None:
        self._json(layout.results_of(result.stream), "edgeai.Result", t, result, result.stamp, result.seq)
        if (drawn := foxglove.drawing(result)) is not None:
            self._foxglove(layout.annotations_of(result.stream), t, result.stamp, result.seq, drawn)

    def _json(self, topic: str, schema: str, t: int, value: Any, stamp: int | None = None, seq: int = 0) -> None:
        self._message(topic, schema, t, t if stamp is None else stamp, seq, to_bytes(encode(value)))

    def _foxglove(self, topic: str, t: int, stamp: int, seq: int, message: Any) -> None:
        data = message.SerializeToString(deterministic=True)
        self._message(topic, message.DESCRIPTOR.full_name, t, stamp, seq, data)

    def _message(
        self, topic: str, schema: str, t: int, stamp: int, seq: int, data: bytes, *, lossy: bool = False
    ) -> None:
        channel = self._channels.get(topic + schema)
        if channel is None:
            channel = self._channels[topic + schema] = self._open_channel(topic, schema, lossy=lossy)
        self._file.message(channel, seq, max(0, t), max(0, stamp), data)

    def _open_channel(self, topic: str, schema: str, *, lossy: bool) -> int:
        if not schema:
            return self._file.channel(topic, "application/octet-stream", 0, {})
        encoding, form, data = schema_of(schema)
        if schema not in self._schemas:
            self._schemas[schema] = self._file.schema(schema, form, data)
        return self._file.channel(topic, encoding, self._schemas[schema], {"lossy": "true"} if lossy else {})
