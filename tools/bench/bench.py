"""What the benches share: assets, frames in memory, loops written by hand to compare with, tables and JSON."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ASSETS = Path(os.environ.get("EDGEAI_ASSETS", ROOT.parent / "shared" / "assets"))

V1_SMALL = ASSETS / "models" / "mobilenet_v1_0.25_128_quant.tflite"
V1_HALF = ASSETS / "models" / "mobilenet_v1_0.5_160_quant.tflite"
V2 = ASSETS / "models" / "mobilenet_v2_1.0_224_quant.tflite"
SSD = ASSETS / "models" / "coco_ssd_mobilenet_v1_quant.tflite"
CLIP = ASSETS / "video" / "one-by-one-person-detection.mp4"


def need_assets() -> None:
    """End with a sentence where the models are missing."""
    if not V1_SMALL.exists():
        sys.exit(f"the benches need the test assets; set EDGEAI_ASSETS to their folder ({ASSETS} has none)")


def pictures(n: int = 16, size: tuple[int, int] = (640, 480)) -> list[np.ndarray]:
    """Return n pictures in memory, all different."""
    noise = np.random.default_rng(7)
    small = [noise.integers(0, 255, (15, 20, 3), dtype=np.uint8) for _ in range(n)]
    return [cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC) for picture in small]


class HandWritten:
    """The loop a careful person writes: resize into a buffer, swap colours into the tensor, invoke, take five best."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(str(path), num_threads=threads)
        self.interpreter.allocate_tensors()
        entry = self.interpreter.get_input_details()[0]
        _, self.height, self.width, _ = entry["shape"]
        self._tensor = self.interpreter.tensor(entry["index"])
        self._output = self.interpreter.get_output_details()[0]
        self._small = np.empty((self.height, self.width, 3), np.uint8)
        self.scale, self.zero_point = self._output["quantization"]

    def __call__(self, image: np.ndarray) -> list[tuple[int, float]]:
        cv2.resize(image, (self.width, self.height), dst=self._small, interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(self._small, cv2.COLOR_BGR2RGB, dst=self._tensor()[0])
        self.interpreter.invoke()
        scores = self.interpreter.get_tensor(self._output["index"])[0]
        best = np.argpartition(scores, -5)[-5:]
        best = best[np.argsort(scores[best])[::-1]]
        return [(int(i), (int(scores[i]) - self.zero_point) * self.scale) for i in best]


class Paced:
    """Frames in memory at a fixed rate: `next` sleeps until the next is due and returns (stamp ns, picture)."""

    def __init__(self, images: list[np.ndarray], fps: float) -> None:
        self._images, self._period = images, 1 / fps
        self._due = time.monotonic()
        self.n = 0

    def next(self) -> tuple[int, np.ndarray]:
        self._due = max(self._due + self._period, time.monotonic() - self._period)
        left = self._due - time.monotonic()
        if left > 0:
            time.sleep(left)
        self.n += 1
        return time.monotonic_ns(), self._images[self.n % len(self._images)]


def three_threads(model: HandWritten, source: Paced, n: int) -> Iterator[int]:
    """Capture, infer and consume on three threads joined by queues; yields ns from capture to the consumer's hands."""
    frames: queue.SimpleQueue[Any] = queue.SimpleQueue()
    results: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def capture() -> None:
        for _ in range(n):
            frames.put(source.next())
        frames.put(None)

    def infer() -> None:
        while (item := frames.get()) is not None:
            results.put((item[0], model(item[1])))
        results.put(None)

    threads = [threading.Thread(target=capture), threading.Thread(target=infer)]
    for thread in threads:
        thread.start()
    while (item := results.get()) is not None:
        yield time.monotonic_ns() - item[0]
    for thread in threads:
        thread.join()


def percentiles(values: list[float], *parts: float) -> list[float]:
    """Return percentiles of values."""
    return [float(np.percentile(values, part)) for part in parts]


def memory() -> float:
    """Return the resident memory of this process in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def rounds(n: int, *runs: Callable[[], Any]) -> list[list[Any]]:
    """Run each in turn, n times over, so that a noisy machine is noisy for all alike."""
    results: list[list[Any]] = [[] for _ in runs]
    for _ in range(n):
        for i, run in enumerate(runs):
            results[i].append(run())
    return results


def report(name: str, rows: list[dict[str, Any]]) -> None:
    """Print a table, then the same as one line of JSON."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=name, box=None, header_style="bold", title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="left" if isinstance(rows[0][column], str) else "right")
    for row in rows:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console(width=140).print(table)
    print(json.dumps({"bench": name, "rows": rows}))
