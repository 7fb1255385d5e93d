"""Pictures in foxglove's messages: raw as consumed, or JPEG."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.RawImage_pb2 import RawImage
from google.protobuf.message import DecodeError

from edgeai.errors import RecordingError
from edgeai.jpeg import jpeg_size
from edgeai.messages import Colour, Frame, Intrinsics, Timing
from edgeai.recording.format import MAX_RECORD

__all__ = ["FrameNote", "frame_of", "jpeg_of", "packed"]

_ENCODINGS: dict[Colour, str] = {"bgr": "bgr8", "rgb": "rgb8", "gray": "mono8"}


@dataclass(frozen=True, slots=True)
class FrameNote:
    """A frame without its picture. stored: `raw`, `camera` (its own JPEG) or `jpeg:quality` (lossy)."""

    seq: int
    stamp: int
    colour: Colour
    width: int
    height: int
    stored: str
    timing: Timing
    intrinsics: Intrinsics | None = None

    @property
    def exact(self) -> bool:
        """True when the picture that is read is the one that was inferred on."""
        return self.stored in ("raw", "camera")


def packed(frame: Frame, jpeg: bytes | None) -> bytes:
    """Return foxglove's message of a picture: CompressedImage of a JPEG where one is given, else RawImage."""
    if jpeg is not None:
        compressed = CompressedImage(frame_id=frame.source, data=jpeg, format="jpeg")
        compressed.timestamp.FromNanoseconds(frame.stamp)
        return bytes(compressed.SerializeToString())
    width, height = frame.size
    channels = 1 if frame.image.ndim == 2 else frame.image.shape[2]
    raw = RawImage(
        frame_id=frame.source,
        width=width,
        height=height,
        encoding=_ENCODINGS[frame.colour],
        step=width * channels,
        data=frame.image.tobytes(),
    )
    raw.timestamp.FromNanoseconds(frame.stamp)
    return bytes(raw.SerializeToString())


def jpeg_of(frame: Frame, quality: int) -> bytes:
    """Return a picture as a JPEG of this quality, 1 to 100."""
    image = frame.image[:, :, ::-1] if frame.colour == "rgb" else frame.image
    good, data = cv2.imencode(".jpg", np.ascontiguousarray(image), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise RecordingError(f"a picture of {frame.source} cannot be written as JPEG: record it raw")
    return bytes(data)


def frame_of(source: str, note: FrameNote, data: bytes) -> Frame:
    """Return the frame of a note and the message of its picture. Raises RecordingError."""
    try:
        jpeg = None if note.stored == "raw" else bytes(CompressedImage.FromString(data).data)
        image = _raw(note, data) if jpeg is None else _decoded(note, jpeg)
    except (DecodeError, ValueError, cv2.error) as error:
        raise RecordingError(f"a picture of {source} cannot be read ({error}): the file is damaged") from error
    image.flags.writeable = False
    frame = Frame(source, note.seq, note.stamp, image, note.colour, note.timing, note.intrinsics)
    return replace(frame, encoded=jpeg) if note.stored == "camera" else frame


def _raw(note: FrameNote, data: bytes) -> npt.NDArray[np.uint8]:
    raw = RawImage.FromString(data)
    shape = (note.height, note.width) if note.colour == "gray" else (note.height, note.width, 3)
    return np.frombuffer(raw.data, np.uint8).reshape(shape)


def _decoded(note: FrameNote, jpeg: bytes) -> npt.NDArray[np.uint8]:
    if not 0 < note.width * note.height <= MAX_RECORD // 3 or min(note.width, note.height) < 1:
        raise ValueError(f"its size is {note.width} x {note.height}")
    stated = jpeg_size(jpeg)
    if stated is None:
        raise ValueError("it is no JPEG")
    if sorted(stated) != sorted((note.width, note.height)):  # as EXIF says it may lie on its side
        raise ValueError("its JPEG is of another size")
    how = cv2.IMREAD_GRAYSCALE if note.colour == "gray" else cv2.IMREAD_COLOR
    image: npt.NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(jpeg, np.uint8), how)
    if image is None or image.shape[:2] != (note.height, note.width):
        raise ValueError("its JPEG is damaged")
    return np.ascontiguousarray(image[:, :, ::-1]) if note.colour == "rgb" else image
