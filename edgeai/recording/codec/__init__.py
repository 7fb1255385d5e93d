"""Frozen dataclasses to plain JSON values and back, exactly, by their annotations.

A dataclass becomes {"type": its name, field: value ...}, a tuple a list, a float that JSON does not know "inf", "-inf"
or "nan", an array {"dtype", "shape", "data"} with numbers or, where it is long, base64. What a Python stage returned
and JSON does not know is kept as {"opaque": its repr}: it cannot be read back.

How a class is written and read follows from its annotations, so a new event, command or value needs no line here. What
may be named in a file at all is said in one place, `registry.py`: a new module of values is entered there.
"""

from __future__ import annotations

from edgeai.recording.codec.json_text import from_bytes, to_bytes
from edgeai.recording.codec.reading import Policies, decode, decode_policy
from edgeai.recording.codec.writing import encode, encode_policy

__all__ = ["Policies", "decode", "decode_policy", "encode", "encode_policy", "from_bytes", "to_bytes"]
