"""The schemas that a recording's topics name: foxglove's, and JSON schemas of our own values."""

from __future__ import annotations

import functools
from typing import Any

from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.ImageAnnotations_pb2 import ImageAnnotations
from foxglove_schemas_protobuf.LaserScan_pb2 import LaserScan
from foxglove_schemas_protobuf.LocationFix_pb2 import LocationFix
from foxglove_schemas_protobuf.Log_pb2 import Log
from foxglove_schemas_protobuf.RawImage_pb2 import RawImage
from mcap_protobuf.schema import build_file_descriptor_set

from edgeai.recording.codec import to_bytes

__all__ = ["schema_of"]

_PROTOBUF = {
    message.DESCRIPTOR.full_name: message
    for message in (CameraCalibration, CompressedImage, ImageAnnotations, LaserScan, LocationFix, Log, RawImage)
}
_TEXT, _WHOLE, _NUMBER, _LIST, _ANY = ({"type": kind} for kind in ("string", "integer", "number", "array", "object"))
_OUR_FIELDS: dict[str, dict[str, Any]] = {
    "edgeai.Header": {"schema": _WHOLE, "engine": _TEXT, "kind": _TEXT, "part": _WHOLE, "versions": _ANY},
    "edgeai.Opening": {"t": _WHOLE, "scheduler": _ANY, "pending": _LIST},
    "edgeai.Decision": {"event": _ANY, "commands": _LIST},
    "edgeai.Frame": {"seq": _WHOLE, "stamp": _WHOLE, "width": _WHOLE, "height": _WHOLE, "stored": _TEXT},
    "edgeai.Reading": {"source": _TEXT, "seq": _WHOLE, "stamp": _WHOLE, "values": _LIST, "columns": _LIST},
    "edgeai.Result": {"stream": _TEXT, "seq": _WHOLE, "stamp": _WHOLE, "value": {}, "inputs": _LIST, "ledger": _LIST},
    "edgeai.Announce": {"stage": _TEXT, "state": _TEXT, "why": _TEXT},
    "edgeai.Drop": {"stage": _TEXT, "origin": _TEXT, "seq": _WHOLE, "cause": _TEXT},
    "edgeai.DriverState": {"name": _TEXT, "kind": _TEXT, "state": _TEXT, "why": _TEXT, "since": _WHOLE},
    "edgeai.Fault": {"name": _TEXT, "kind": _TEXT, "sentence": _TEXT, "t": _WHOLE},
    "edgeai.Loss": {"topic": _TEXT, "count": _WHOLE, "t": _WHOLE},
    "edgeai.UtcPair": {"t": _WHOLE, "utc": _WHOLE},
}


@functools.cache
def schema_of(name: str) -> tuple[str, str, bytes]:
    """Return the messages' encoding, the schema's encoding and the schema of this name."""
    if name in _PROTOBUF:
        return "protobuf", "protobuf", build_file_descriptor_set(_PROTOBUF[name]).SerializeToString()
    fields = _OUR_FIELDS[name]
    return "json", "jsonschema", to_bytes({"title": name, "type": "object", "properties": fields})
