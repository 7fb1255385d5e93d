"""Parsers of what serial lines and networks bring, and inputs made to break them.

A parser is made of nothing but its name, so that each can be tried in a process of its own.
"""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgeai.clock import VirtualClock
from edgeai.jpeg import jpeg_is_whole, jpeg_size
from edgeai_drivers.cameras import _multipart as mjpeg
from edgeai_drivers.framing import Deframer, Protocol, encode_binary, encode_cobs, encode_json_line
from edgeai_drivers.power.serial_meter import SerialMeter
from edgeai_drivers.sensors.imu_binary import ImuBinary
from edgeai_drivers.sensors.lidar import Lidar
from edgeai_drivers.sensors.mavlink import Mavlink
from edgeai_drivers.sensors.nmea import Nmea
from edgeai_drivers.sensors.odometry import Odometry
from edgeai_drivers.sensors.serial_lines import SerialLines
from edgeai_drivers.sim._ld19 import turn
from edgeai_drivers.sim.world.controller import Controller
from edgeai_drivers.split import wire

MOST = 64 << 10
"""Bytes that a parser may keep."""
WHEELS = {"ticks_per_metre": 1000.0, "track": 0.2}
_MESSAGE = {"steering": -0.125, "throttle": 0.5, "expires": 200, "seq": 7}
_SHOWN = 3
"""Inputs that are shown of those that a parser raises at."""
_TOKENS = (
    b"-1",
    b"\0",
    b"\xff" * 8,
    b"9" * 5000,
    b"nan",
    b"1e999",
    b"\r\n",
    b"\r\n\r\n",
    b"{" * 2000,
    b'"',
    b"$",
    b"*",
)
"""What parsers stumble over: signs, lengths, ends, depths."""


@dataclass(frozen=True)
class Parser:
    """A valid stream to mutate, what takes bytes, and what tells how many it keeps."""

    valid: bytes
    take: Callable[[bytes], object]
    kept: Callable[[], int] = lambda: 0


class Memory:
    """A port in memory."""

    timeout = 0.0

    def __init__(self) -> None:
        self._data = b""

    def put(self, data: bytes) -> None:
        self._data += data

    @property
    def in_waiting(self) -> int:
        return len(self._data)

    def read(self, size: int) -> bytes:
        data, self._data = self._data[:size], self._data[size:]
        return data

    def write(self, data: bytes) -> int:
        return len(data)

    def close(self) -> None:
        pass


def _opened(kind: type, **options: object) -> Any:
    driver = kind(kind.__name__, kind.Options(port="loop://", **options))  # type: ignore[attr-defined]
    driver.open(VirtualClock())
    return driver


def framing(protocol: Protocol) -> Parser:
    encode = {"jsonl": encode_json_line, "cobs": encode_cobs, "binary": encode_binary}[protocol]
    deframer = Deframer(protocol)
    return Parser(encode(_MESSAGE) * 3, deframer.feed, lambda: len(deframer._pending))


def controller() -> Parser:
    machine = Controller("binary")
    return Parser(encode_binary(_MESSAGE), lambda data: machine.feed(data, 0))


def odometry() -> Parser:
    wheels = _opened(Odometry, **WHEELS)
    told = encode_binary({"seq": 1, "micros": 99, "left": 5, "right": 6}) * 2
    return Parser(told, lambda data: list(wheels._parse(data)), lambda: len(wheels._deframer._pending))


def serial_lines() -> Parser:
    lines = _opened(SerialLines, columns="t:ms,x,y,z", time_column="t")
    return Parser(b"1,2,3,4\n2,3,4,5\n", lambda data: list(lines._parse(data)), lambda: len(lines._lines._part))


def imu_binary() -> Parser:
    imu = _opened(ImuBinary)
    packet = bytes([0x55, 0x51, *[0] * 8, 0xA6, 0x55, 0x52, *[0] * 8, 0xA7, 0x55, 0x53, *[0] * 8, 0xA8])
    return Parser(packet, lambda data: list(imu._parse(data)), lambda: len(imu._packets._rest))


def nmea() -> Parser:
    gps = _opened(Nmea)
    fix = b"$GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000*6D\r\n"
    return Parser(fix, lambda data: list(gps._parse(data)), lambda: len(gps._lines._part))


def mavlink() -> Parser:
    from pymavlink.dialects.v20 import common

    vehicle, link = _opened(Mavlink), common.MAVLink(None, srcSystem=1)
    attitude = bytes(link.attitude_encode(1000, 0.1, 0.2, 0.3, 0.0, 0.0, 0.0).pack(link))
    return Parser(attitude * 2, lambda data: list(vehicle._parse(data)), lambda: len(vehicle._parser.buf))


def lidar() -> Parser:
    scanner, port = _opened(Lidar), Memory()
    scanner._feed.port = port

    def scan(data: bytes) -> None:
        port.put(data)
        scanner.read(0.0)

    return Parser(b"".join(list(turn([1.0] * 36))[:2]), scan, lambda: port.in_waiting)


def serial_meter() -> Parser:
    meter = _opened(SerialMeter)
    meter._port = port = Memory()

    def read(data: bytes) -> None:
        port.put(data)
        meter._take(0.0)

    return Parser(b"W=4.52 V=5.07 A=0.89\nW=4.5 V=5\n", read, lambda: len(meter._lines._part))


def zenoh() -> Parser:
    def unpack(data: bytes) -> None:
        with contextlib.suppress(wire.WireError):
            wire.raw_picture(wire.unpack(data))

    return Parser(wire.pack(1, 2, {"shape": [2, 2, 3], "stamp": 1}, bytes(12)), unpack)


class Stream:
    """An MJPEG stream over HTTP; one that breaks the rules is opened again, as its camera does."""

    def __init__(self) -> None:
        self.machines = mjpeg.Head(), mjpeg.Chunks(), mjpeg.Multipart("frame", MOST // 4)

    def take(self, data: bytes) -> None:
        head, chunks, parts = self.machines
        try:
            if not head.status and not head.feed(data):
                return
            parts.feed(chunks.feed(head.rest or data))
            head.rest = b""
            if chunks.ended or parts.ended:
                self.__init__()
        except mjpeg.WireError:
            self.__init__()

    def kept(self) -> int:
        return sum(len(machine._buffer) for machine in self.machines)


def http() -> Parser:
    part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\n\xff\xd8\xff\xd9\r\n"
    stream = Stream()
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(part), part)
    return Parser(answer, stream.take, stream.kept)


def jpeg() -> Parser:
    picture = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xda\x00\x02x\xff\xd9"
    return Parser(picture, lambda data: (jpeg_is_whole(data), jpeg_size(data)))


PARSERS: dict[str, Callable[[], Parser]] = {
    "framing jsonl": lambda: framing("jsonl"),
    "framing cobs": lambda: framing("cobs"),
    "framing binary": lambda: framing("binary"),
    "controller": controller,
    "odometry": odometry,
    "serial_lines": serial_lines,
    "imu_binary": imu_binary,
    "nmea": nmea,
    "mavlink": mavlink,
    "lidar": lidar,
    "serial_meter": serial_meter,
    "zenoh messages": zenoh,
    "MJPEG over HTTP": http,
    "JPEG headers": jpeg,
}


def mutated(valid: bytes, chance: random.Random) -> bytes:
    """Return the stream cut, spliced, flipped, with a token in it, or bytes that never had to do with it."""
    how = chance.randrange(5)
    if how == 0:
        return chance.randbytes(chance.randrange(1, 64))
    start = chance.randrange(len(valid))
    data = bytearray(valid[start:] + valid[:start] if how == 1 else valid)
    for _ in range(chance.randrange(4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if how == 4:
        data[start : start + chance.randrange(3)] = chance.choice(_TOKENS)
    return bytes(data[: chance.randrange(1, len(data) + 1)] if how == 3 else data)


def fuzz(name: str, n: int, seed: int) -> dict[str, Any]:
    """Feed a parser with n inputs; it must neither raise nor keep more than a bound."""
    parser, chance, raised, most, began = PARSERS[name](), random.Random(seed), 0, 0, time.process_time()
    for _ in range(n):
        data = mutated(parser.valid, chance)
        try:
            parser.take(data)
        except Exception as error:  # noqa: BLE001 - counted: that is what this is for
            raised += 1
            if raised <= _SHOWN:
                print(f"{name} raised {error!r} at {data!r}", file=sys.stderr)
        most = max(most, parser.kept())
    seconds = time.process_time() - began
    return {"parser": name, "inputs": n, "raised": raised, "most kept": most, "us an input": 1e6 * seconds / n}
