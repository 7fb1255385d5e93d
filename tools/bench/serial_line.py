"""A serial line of 1 Mbaud with 1 % of its bytes corrupted, and a million hostile inputs for every parser.

    python tools/bench/serial_line.py [--seconds S] [--inputs N]

Odometry frames go through a pseudo-terminal at the pace of the line. A frame is intact when its bytes, and the zero
byte that ends the frame before it, came through as they were sent. Targets: every intact frame is delivered, none that
was not sent is, no parser raises, and none keeps more than a bound.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import time
import tty
from collections import Counter
from collections.abc import Callable, Iterator

from bench import report

from edgeai.clock import SystemClock, VirtualClock
from edgeai_drivers.framing import Deframer, encode_binary, encode_cobs, encode_json_line
from edgeai_drivers.sensors.imu_binary import ImuBinary
from edgeai_drivers.sensors.lidar import Lidar
from edgeai_drivers.sensors.mavlink import Mavlink
from edgeai_drivers.sensors.nmea import Nmea
from edgeai_drivers.sensors.odometry import Odometry
from edgeai_drivers.sensors.serial_lines import SerialLines
from edgeai_drivers.sim._ld19 import turn
from edgeai_drivers.sim.world.controller import Controller
from edgeai_drivers.split import wire

BYTES_A_SECOND = 100_000
"""1 Mbaud: a start bit, eight bits, a stop bit."""
CORRUPTED = 0.01
WHEELS = {"ticks_per_metre": 1000.0, "track": 0.2}


def frames(seed: int) -> Iterator[tuple[int, bytes, bool]]:
    """Give (number, bytes as they arrive, intact) without end."""
    chance, before = random.Random(seed), True
    for number in range(1, 1 << 31):
        sent = encode_binary({"seq": number, "micros": number * 210, "left": number, "right": -number})
        came = bytes(chance.randrange(256) if chance.random() < CORRUPTED else byte for byte in sent)
        yield number, came, came == sent and before
        before = came[-1] == 0


def send(line: int, seed: int, seconds: float) -> None:
    """Write the stream at the line's pace; the other process of `stream`."""
    began, sent = time.monotonic(), 0
    for _, data, _ in frames(seed):
        os.write(line, data)
        sent += len(data)
        ahead = sent / BYTES_A_SECOND - (time.monotonic() - began)
        if ahead > 0.002:
            time.sleep(ahead)
        if sent >= seconds * BYTES_A_SECOND:
            return


def stream(seconds: float, seed: int = 1) -> dict[str, object]:
    """Read the stream with the driver and compare with what was sent."""
    master, slave = os.openpty()
    tty.setraw(slave)
    sensor = Odometry("wheels", Odometry.Options(port=os.ttyname(slave), **WHEELS))
    sensor.open(SystemClock())
    arguments = [sys.executable, __file__, "--send", str(master), str(seed), str(seconds)]
    delivered: Counter[int] = Counter()
    began, used = time.monotonic(), time.process_time()
    with subprocess.Popen(arguments, pass_fds=(master,)) as sender:
        while (reading := sensor.read(0.05)) is not None or sender.poll() is None:
            if reading is not None:
                delivered[reading.timing.raw // 210_000] += 1
    elapsed, used = time.monotonic() - began, time.process_time() - used
    sensor.close()
    intact, total = set(), 0
    for number, data, whole in frames(seed):
        total += len(data)
        if whole:
            intact.add(number)
        if total >= seconds * BYTES_A_SECOND:
            break
    missing = intact - delivered.keys()
    invented = [number for number, times in delivered.items() if number not in intact or times > 1]
    return {
        "stream": f"{seconds:g} s, {total / 1e6:.1f} MB, seed {seed}",
        "frames": number,
        "intact": len(intact),
        "delivered": sum(delivered.values()),
        "missing": len(missing),
        "invented": len(invented),
        "rejected": sensor.rejected,
        "CPU share": used / elapsed,
        "target": "0 missing, 0 invented",
    }


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


def parsers() -> Iterator[tuple[str, bytes, Callable[[bytes], object], Callable[[], int]]]:
    """Give (name, a valid stream to mutate, what takes bytes, what tells how many it keeps)."""
    message = {"steering": -0.125, "throttle": 0.5, "expires": 200, "seq": 7}
    for protocol, encode in (("jsonl", encode_json_line), ("cobs", encode_cobs), ("binary", encode_binary)):
        deframer = Deframer(protocol)
        yield f"framing {protocol}", encode(message) * 3, deframer.feed, lambda d=deframer: len(d._pending)
    controller = Controller("binary")
    yield "controller", encode_binary(message), lambda data: controller.feed(data, 0), lambda: 0

    def opened(kind: type, **options: object) -> object:
        sensor = kind(kind.__name__, kind.Options(port="loop://", **options))
        sensor.open(VirtualClock())
        return sensor

    wheels = opened(Odometry, **WHEELS)
    told = encode_binary({"seq": 1, "micros": 99, "left": 5, "right": 6}) * 2
    yield "odometry", told, lambda data: list(wheels._parse(data)), lambda: len(wheels._deframer._pending)
    lines = opened(SerialLines, columns="t:ms,x,y,z", time_column="t")
    yield "serial_lines", b"1,2,3,4\n2,3,4,5\n", lambda d: list(lines._parse(d)), lambda: len(lines._lines._part)
    imu = opened(ImuBinary)
    packet = bytes([0x55, 0x51, *[0] * 8, 0xA6, 0x55, 0x52, *[0] * 8, 0xA7, 0x55, 0x53, *[0] * 8, 0xA8])
    yield "imu_binary", packet, lambda data: list(imu._parse(data)), lambda: len(imu._packets._rest)
    gps = opened(Nmea)
    fix = b"$GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000*6D\r\n"
    yield "nmea", fix, lambda data: list(gps._parse(data)), lambda: len(gps._lines._part)
    vehicle = opened(Mavlink)
    from pymavlink.dialects.v20 import common

    link = common.MAVLink(None, srcSystem=1)
    attitude = bytes(link.attitude_encode(1000, 0.1, 0.2, 0.3, 0.0, 0.0, 0.0).pack(link))
    yield "mavlink", attitude * 2, lambda data: list(vehicle._parse(data)), lambda: len(vehicle._parser.buf)
    lidar, port = opened(Lidar), Memory()
    lidar._feed.port = port

    def scan(data: bytes) -> None:
        port.put(data)
        lidar.read(0.0)

    yield "lidar", b"".join(list(turn([1.0] * 36))[:2]), scan, lambda: port.in_waiting

    def unpack(data: bytes) -> None:
        with contextlib.suppress(wire.WireError):
            wire.raw_picture(wire.unpack(data))

    picture = wire.pack(1, 2, {"shape": [2, 2, 3], "stamp": 1}, bytes(12))
    yield "zenoh messages", picture, unpack, lambda: 0


def mutated(valid: bytes, chance: random.Random) -> bytes:
    """Return the stream cut, spliced, flipped, or bytes that never had to do with it."""
    how = chance.randrange(4)
    if how == 0:
        return chance.randbytes(chance.randrange(1, 64))
    start = chance.randrange(len(valid))
    data = bytearray(valid[start:] + valid[:start] if how == 1 else valid)
    for _ in range(chance.randrange(4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data[: chance.randrange(1, len(data) + 1)] if how == 3 else data)


def fuzz(
    name: str, valid: bytes, take: Callable[[bytes], object], kept: Callable[[], int], n: int
) -> dict[str, object]:
    chance, raised, most, began = random.Random(3), 0, 0, time.process_time()
    for number in range(n):
        data = mutated(valid, chance)
        try:
            take(data)
        except Exception as error:  # noqa: BLE001 - counted: that is what this is for
            raised += 1
            print(f"{name} raised {error!r} at {data!r}", file=sys.stderr)
        if number % 100 == 0:
            most = max(most, kept())
    seconds = time.process_time() - began
    return {"parser": name, "inputs": n, "raised": raised, "most kept, bytes": most, "us an input": 1e6 * seconds / n}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for each parser")
    parser.add_argument("--send", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        line, seed, seconds = options.send
        send(int(line), int(seed), float(seconds))
        return
    report("1 Mbaud with 1 % of its bytes corrupted", [stream(options.seconds)])
    report("hostile inputs (target: 0 raised, a bound)", [fuzz(*parser, options.inputs) for parser in parsers()])


if __name__ == "__main__":
    main()
