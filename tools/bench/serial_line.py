"""A serial line of 1 Mbaud with 1 % of its bytes corrupted, and a million hostile inputs for every parser.

    python tools/bench/serial_line.py [--seconds S] [--inputs N] [--seed S] [--processes P]

Odometry frames go through a pseudo-terminal at the pace of the line. A frame is intact when its bytes, and the zero
byte that ends the frame before it, came through as they were sent. Targets: every intact frame is delivered, none that
was not sent is, no parser raises, and none keeps more than a bound. What a network sends counts as hostile, too.

Inputs are random bytes and mutations of valid ones, drawn by the seed: a million for each parser take five minutes of
one core in all, twenty times less than by hypothesis, which the tests use.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
import tty
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import Any

from bench import report
from hostile import MOST, PARSERS, WHEELS, fuzz

from edgeai.clock import SystemClock
from edgeai_drivers.framing import encode_binary
from edgeai_drivers.sensors.odometry import Odometry

BYTES_A_SECOND = 100_000
"""1 Mbaud: a start bit, eight bits, a stop bit."""
CORRUPTED = 0.01


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


def stream(seconds: float, seed: int = 1) -> dict[str, Any]:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for each parser")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--send", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        line, seed, seconds = options.send
        send(int(line), int(seed), float(seconds))
        return
    heard = stream(options.seconds, options.seed)
    report("1 Mbaud with 1 % of its bytes corrupted", [heard])
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        fuzzed = list(pool.map(fuzz, PARSERS, repeat(options.inputs), repeat(options.seed)))
    report(f"hostile inputs (target: 0 raised, at most {MOST >> 10} KiB kept)", fuzzed)
    failed = heard["missing"] or heard["invented"] or any(row["raised"] or row["most kept"] > MOST for row in fuzzed)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
