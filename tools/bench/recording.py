"""Measure what recording costs the pipeline's threads, what it sustains, and what a kill loses.

.venv/bin/python tools/bench/recording.py [--kills 100]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
from mcap.reader import make_reader

from edgeai.clock import SystemClock
from edgeai.messages import Column, Frame, Reading
from edgeai.policies.fixed import Fixed
from edgeai.recording.format import SCHEMA_VERSION
from edgeai.recording.header import CameraInfo, Header
from edgeai.recording.mcap import Scan
from edgeai.recording.options import RecordOptions
from edgeai.recording.recorder import Recorder
from edgeai.recording.salvage import salvage
from edgeai.runtime.frozen import Frozen
from edgeai.runtime.roster import Roster
from edgeai.schedule.events import FrameReady
from edgeai.schedule.scheduler import Scheduler
from edgeai.schedule.snapshot import freeze
from edgeai.schedule.workload import OperatingPoint, StageLoad, Workload

CAMERAS = ("front", "rear", "left", "right")
COLUMNS = tuple(Column(name, "m/s2") for name in ("ax", "ay", "az", "gx", "gy", "gz"))


def jpeg():
    """Return a picture and a JPEG of about 40 kB."""
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    image = cv2.GaussianBlur(noise, (5, 5), 0)
    for quality in range(95, 5, -5):
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= 42_000:
            break
    return image, data


def recorder(path, clock, failed):
    workload = Workload((StageLoad("s", "front", (OperatingPoint("m"),)),))
    cameras = {name: CameraInfo() for name in CAMERAS}
    made = Recorder(
        RecordOptions(path),
        lambda kind, part: Header(SCHEMA_VERSION, "live", kind, part, {}, "", "", None, workload, {}, cameras),
        CAMERAS,
        clock,
        failed.append,
        Roster(clock),
    )
    scheduler = Scheduler(workload, Fixed())
    made.began(lambda: Frozen(freeze(scheduler), ()))
    return made


def feed(tap, clock, seconds, costs):
    """Four cameras at 30 fps and an IMU at 200 Hz, each on a thread of its own; costs in ns of each `captured`."""
    image, data = jpeg()

    def camera(name):
        start = time.monotonic_ns()
        for seq in range(int(seconds * 30)):
            clock.sleep_until(start + seq * 33_333_333)
            frame = Frame(name, seq, time.monotonic_ns(), image, encoded=data)
            before = time.perf_counter_ns()
            tap.captured(frame)
            costs.append(time.perf_counter_ns() - before)
            tap.decided(FrameReady(frame.stamp, name, seq, frame.stamp), [])

    def imu():
        start = time.monotonic_ns()
        for seq in range(int(seconds * 200)):
            clock.sleep_until(start + seq * 5_000_000)
            tap.sensed(Reading("imu", seq, time.monotonic_ns(), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), COLUMNS))

    threads = [threading.Thread(target=camera, args=(name,)) for name in CAMERAS] + [threading.Thread(target=imu)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sustained(folder, seconds):
    clock, failed, costs = SystemClock(), [], []
    tap = recorder(folder / "run.mcap", clock, failed)
    feed(tap, clock, seconds, costs)
    closed = tap.close(10.0)
    cuts = statistics.quantiles(costs, n=100)
    with (folder / "run.mcap").open("rb") as file:
        counts = {}
        for message in Scan(file):
            counts[message.channel.topic] = counts.get(message.channel.topic, 0) + 1
    frames = sum(counts[f"/cameras/{name}/image"] for name in CAMERAS)
    print(f"a 40 kB JPEG frame on the pipeline's thread: p50 {cuts[49] / 1e3:.1f} us (<= 15)", end="")
    print(f", p99 {cuts[98] / 1e3:.1f} us (<= 100), n = {len(costs)}")
    lost = sum(tap.lost.values())
    print(f"4 cameras x 30 fps and 200 Hz for {seconds} s: {frames} frames, {counts['/sensors/imu']} readings", end="")
    print(f", {lost} lost (0), closed in order: {closed}, faults: {len(failed)} (0)")


def child(path):
    """Record one camera at 30 fps and an IMU until killed, and say what was handed over."""
    clock = SystemClock()
    tap = recorder(Path(path), clock, [])
    image, data = jpeg()
    start = time.monotonic_ns()
    for tick in range(1_000_000):
        clock.sleep_until(start + tick * 5_000_000)
        if tick % 7 == 0:
            tap.captured(Frame("front", tick // 7, time.monotonic_ns(), image, encoded=data))
            os.write(1, f"f{tick // 7}\n".encode())
        tap.sensed(Reading("imu", tick, time.monotonic_ns(), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), COLUMNS))
        os.write(1, f"r{tick}\n".encode())


def killed(folder, kills):
    rng = random.Random(4)
    frames_lost, readings_lost, opened = [], [], 0
    for turn in range(kills):
        path, whole = folder / f"k{turn}.mcap", folder / f"w{turn}.mcap"
        process = subprocess.Popen([sys.executable, __file__, "--child", str(path)], stdout=subprocess.PIPE)
        first = process.stdout.readline()
        time.sleep(rng.uniform(0.05, 1.0))
        os.kill(process.pid, signal.SIGKILL)
        said = (first + process.stdout.read()).decode().split()
        process.wait()
        salvage(path, whole)
        with whole.open("rb") as file:
            topics = [channel.topic for _, channel, _ in make_reader(file).iter_messages()]
        opened += 1
        frames_lost.append(sum(s[0] == "f" for s in said) - topics.count("/cameras/front/image"))
        readings_lost.append(sum(s[0] == "r" for s in said) - topics.count("/sensors/imu"))
        path.unlink()
        whole.unlink()
    print(f"kill -9 at {kills} random moments: {opened} recovered and opened in the reference reader ({kills})", end="")
    print(f"; lost at most {max(frames_lost)} frames (1), {max(readings_lost) / 200:.2f} s of readings (0.5)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--child")
    asked = parser.parse_args()
    if asked.child:
        child(asked.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        sustained(Path(folder), asked.seconds)
        killed(Path(folder), asked.kills)


if __name__ == "__main__":
    main()
