"""What a quantized pilot is worth: its error on labelled frames, its time, and how it drives."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from edgeai_drivers.framing import encode_json_line
from edgeai_drivers.sim.world.machine import RoverMachine, Truth
from edgeai_drivers.sim.world.view import View
from tools.pilot.frames import Frames

FRAME_NS = 33_333_333
"""Period of the camera in a drive, nanoseconds."""

TOLERANCE = 0.02
"""Steering error that counts as right, of full lock."""

Pilot = Callable[[npt.NDArray[np.uint8]], float]


@dataclass(frozen=True, slots=True)
class Score:
    """How near a pilot's steering comes to pure pursuit's on labelled frames."""

    within: float
    """Share of the frames with an error of at most TOLERANCE."""
    mae: float
    """Mean absolute error."""
    r2: float
    """Share of the steering's variance that is explained."""


def load(path: Path) -> Pilot:
    """Load a pilot as a function from a BGR frame to a steering in [-1, 1]."""
    interpreter: Any = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    _, height, width, _ = entry["shape"]
    scale, zero = result["quantization"]

    def steer(image: npt.NDArray[np.uint8]) -> float:
        if image.shape[:2] != (height, width):
            image = cv2.resize(image, (int(width), int(height)), interpolation=cv2.INTER_LINEAR)
        interpreter.set_tensor(entry["index"], cv2.cvtColor(image, cv2.COLOR_BGR2RGB)[None])
        interpreter.invoke()
        return float(scale) * (int(interpreter.get_tensor(result["index"])[0, 0]) - int(zero))

    return steer


def score(pilot: Pilot, frames: Frames) -> Score:
    """Measure a pilot on labelled frames."""
    error = np.array([pilot(image) for image in frames.images]) - frames.steering
    return Score(
        within=float(np.mean(np.abs(error) <= TOLERANCE)),
        mae=float(np.mean(np.abs(error))),
        r2=float(1.0 - np.mean(error**2) / np.var(frames.steering)),
    )


def invoke_ms(pilot: Pilot, image: npt.NDArray[np.uint8], runs: int = 300) -> float:
    """Measure the median time from frame to steering, milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        pilot(image)
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def drive(pilot: Pilot, seed: int, *, laps: int, latency_ms: int = 20) -> Truth:
    """Drive the course of `seed` in virtual time until `laps` are done or the line is left.

    Each frame's steering reaches the motor controller as bytes, `latency_ms` after the frame's capture.
    """
    world = RoverMachine(seed)
    view = View(world.course, seed)
    wire: deque[tuple[int, bytes]] = deque()
    frame = 0
    while not (world.truth().laps >= laps or world.truth().departures or world.truth().t_ns > laps * 60_000_000_000):
        now = frame * FRAME_NS
        while wire and wire[0][0] <= now:
            arrival, data = wire.popleft()
            world.feed(data, arrival)
        world.advance(now)
        steering = pilot(view.render(world.pose, frame))
        wire.append((now + latency_ms * 1_000_000, encode_json_line({"steering": steering})))
        frame += 1
    return world.truth()
