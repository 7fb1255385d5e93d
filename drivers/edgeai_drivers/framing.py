r"""The protocols of a serial line: JSON lines, and COBS frames that end in a CRC-16, of JSON or of binary messages.

The output drivers that write them and the simulated motor controller that reads them both import this file.

`jsonl`: compact UTF-8 JSON, then ``\n``. `cobs`: compact UTF-8 JSON, then its CRC-16/CCITT-FALSE (polynomial 0x1021,
initial value 0xFFFF) as two bytes, high byte first; all of it COBS-encoded, then ``0x00``. `binary`: the same frame
about one of the messages in `wheels`.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias, get_args

from cobs import cobs

from edgeai_drivers import wheels

Protocol: TypeAlias = Literal["jsonl", "cobs", "binary"]
PROTOCOLS: tuple[str, ...] = get_args(Protocol)

_CRC_INITIAL = 0xFFFF
_CRC_BYTES = 2
DELIMITERS: dict[str, bytes] = {"jsonl": b"\n", "cobs": b"\x00", "binary": b"\x00"}
"""What ends a frame."""


def encode_json_line(message: Mapping[str, object]) -> bytes:
    """Encode one message as a JSON line. Raises ValueError for NaN and infinities, which JSON cannot say."""
    return _compact(message) + b"\n"


def encode_cobs(message: Mapping[str, object]) -> bytes:
    """Encode one message as a COBS frame with its CRC. Raises ValueError for NaN and infinities."""
    return enclose(_compact(message))


def encode_binary(message: Mapping[str, object]) -> bytes:
    """Encode one message of `wheels` as a COBS frame with its CRC. Raises ValueError for NaN and infinities."""
    return enclose(wheels.pack(message))


def enclose(payload: bytes) -> bytes:
    """Return the COBS frame of a payload and its CRC, with the zero byte that ends it."""
    return bytes(cobs.encode(payload + _crc(payload))) + b"\x00"


ENCODERS = {"jsonl": encode_json_line, "cobs": encode_cobs, "binary": encode_binary}


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """What a deframer has seen since it was made."""

    good: int = 0
    """Frames that held one message."""
    malformed: int = 0
    """Frames that were not COBS, or held no JSON object or binary message."""
    corrupt: int = 0
    """COBS frames whose CRC did not match."""
    oversize: int = 0
    """Frames longer than the bound, thrown away unread."""


class Deframer:
    """Cut a byte stream into messages, however its bytes are split; never raises, never holds more than `limit` bytes.

    A frame that cannot be read is counted and skipped; reading goes on at the next delimiter. Empty frames are
    silence, so a sender may put a delimiter in front of its first frame to flush a half-received one.
    """

    def __init__(self, protocol: Protocol, limit: int = 4096) -> None:
        self._protocol = protocol
        self._delimiter = DELIMITERS[protocol]
        self._limit = limit
        self._pending = bytearray()
        self._skipping = False
        self._good = self._malformed = self._corrupt = self._oversize = 0

    @property
    def counts(self) -> FrameCounts:
        """Read the counters as they are now."""
        return FrameCounts(self._good, self._malformed, self._corrupt, self._oversize)

    def feed(self, data: bytes) -> list[dict[str, object]]:
        """Take the next bytes of the stream; return the messages they complete, in order."""
        messages = []
        *complete, rest = data.split(self._delimiter)
        for part in complete:
            self._append(part)
            message = self._finish()
            if message is not None:
                messages.append(message)
        self._append(rest)
        return messages

    def _append(self, part: bytes) -> None:
        if self._skipping:
            return
        if len(self._pending) + len(part) > self._limit:
            self._oversize += 1
            self._skipping = True
            self._pending.clear()
            return
        self._pending += part

    def _finish(self) -> dict[str, object] | None:
        frame = bytes(self._pending)
        self._pending.clear()
        if self._skipping or not frame.strip(b"\r"):
            self._skipping = False
            return None
        return self._parse(frame) if self._protocol == "jsonl" else self._open_cobs(frame)

    def _open_cobs(self, frame: bytes) -> dict[str, object] | None:
        try:
            packet = bytes(cobs.decode(frame))
        except cobs.DecodeError:
            self._malformed += 1
            return None
        payload, crc = packet[:-_CRC_BYTES], packet[-_CRC_BYTES:]
        if crc != _crc(payload):
            self._corrupt += 1
            return None
        return self._parse(payload)

    def _parse(self, payload: bytes) -> dict[str, object] | None:
        message = wheels.unpack(payload) if self._protocol == "binary" else _json_object(payload)
        self._good += message is not None
        self._malformed += message is None
        return message


def _json_object(payload: bytes) -> dict[str, object] | None:
    try:
        message = json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _compact(message: Mapping[str, object]) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _crc(payload: bytes) -> bytes:
    return binascii.crc_hqx(payload, _CRC_INITIAL).to_bytes(_CRC_BYTES, "big")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
