"""What it adds to split a pipeline over two processes on loopback: 30 fps at 640x480, from capture to a result.

    python tools/bench/split.py [--seconds S]

Beside the same camera and stage in one process. Both processes read one clock, so the latency is the truth, and the
offset between the clocks, which the receiver measures, should be 0: its error and its stated uncertainty are shown.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

from bench import percentiles, report

from edgeai import Graph, Pipeline

CAMERA = "synthetic:640x480?fps=30"


def look(frame: Any) -> int:
    return int(frame.image[0, 0, 0])


def sender(graph: str) -> None:
    """Run a camera and its output until the standard input ends; the other process of `split`."""
    with Pipeline(Graph(**json.loads(graph))):
        print("running", flush=True)
        sys.stdin.read()


def measured(name: str, camera: Any, n: int) -> dict[str, Any]:
    """Return the latencies of n results."""
    graph = Graph(cameras={"front": camera}, stages={"look": {"call": look}})
    with Pipeline(graph) as pipeline, pipeline.stream("look") as results:
        return {"pipeline": name, **_figures(itertools.islice(results, 10, n + 10))}


def _figures(results: Iterable[Any]) -> dict[str, Any]:
    times, errors, doubts = [], [], []
    for result in results:
        times.append((time.monotonic_ns() - result.timing.raw) / 1e6)
        errors.append(abs(result.timing.offset) / 1e6)
        doubts.append(result.timing.uncertainty / 1e6)
    p50, p99 = percentiles(times, 50, 99)
    return {
        "results": len(times),
        "p50 ms": p50,
        "p99 ms": p99,
        "clock error ms": max(errors),
        "stated ms": max(doubts),
    }


def split(name: str, n: int, **options: Any) -> dict[str, Any]:
    """Measure with the camera in another process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    there = {"cameras": {"front": CAMERA}, "outputs": {"split": {"driver": "zenoh", "listen": port, **options}}}
    command = [sys.executable, __file__, "--sender", json.dumps(there)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.readline()
        row = measured(name, {"driver": "zenoh", "connect": port}, n)
        other.stdin.close()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--sender", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sender:
        sender(options.sender)
        return
    n = int(options.seconds * 30)
    rows = [
        measured("in one process", CAMERA, n),
        split("split, raw pictures", n),
        split("split, JPEG of quality 90", n, jpeg=90),
    ]
    for row in rows:
        row["added p50 ms"], row["added p99 ms"] = (row[p] - rows[0][p] for p in ("p50 ms", "p99 ms"))
    report("a pipeline split on loopback", rows)


if __name__ == "__main__":
    main()
