"""Replay: how quick it is, and whether it is the same.

    python tools/bench/replay.py [--live SECONDS] [--only speed,lossless,corpus,hash,live]

speed: the scheduler's decisions of a 30 fps stream, again, as a multiple of real time. lossless: frames a second of
`--mode lossless` beside a loop written by hand on the same recording, with the smallest model and with a usual one.
hash: twenty replays in processes of their own while others burn the processor. live: a ladder recorded live under
contention, with a camera that fails, in a rotation and looking back; then every file recomputed. corpus: two workers
beside one, every frame of eight recordings.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import ASSETS, V1_SMALL, HandWritten, need_assets

from edgeai import Graph, Pipeline
from edgeai.driver import Camera, CameraOptions, Capture
from edgeai.errors import DeviceLost
from edgeai.replay.corpus import recordings_in, run_corpus
from edgeai.replay.run import replay

V2 = ASSETS / "models" / "mobilenet_v2_1.0_224_quant.tflite"
LADDER = [str(ASSETS / "models" / f"mobilenet_{name}_quant.tflite") for name in ("v1_0.25_128", "v1_0.5_160")]


def main() -> None:
    need_assets()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", type=float, default=600.0, help="seconds recorded live")
    parser.add_argument("--only", default="speed,lossless,corpus,hash,live")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for part in options.only.split(","):
            RUNS[part](Path(folder), options.live)


def graph(size: str = "320x240", model: Path = V1_SMALL, **schedule: object) -> Graph:
    return Graph(
        cameras={"front": f"synthetic:?size={size}&fps=30"},
        stages={"what": {"model": str(model), "deadline": "60ms", "threads": 1}},
        schedule=schedule,
    )


def recorded(path: Path, seconds: float, size: str = "320x240", model: Path = V1_SMALL) -> Path:
    """Record in virtual time."""
    pipeline = Pipeline(graph(size, model, policy="latency"), engine="lockstep", durations={"what": 0.004})
    with pipeline.record(path):
        pipeline.advance(seconds)
    return path


def speed(folder: Path, _: float) -> None:
    path = recorded(folder / "speed.mcap", 120.0, "32x24")
    times = []
    for _ in range(5):
        began = time.perf_counter()
        assert replay(path).compare().same
        times.append(time.perf_counter() - began)
    print(f"scheduling alone: {120.0 / statistics.median(times):.0f} x real time at 30 fps (target 200)")


def lossless(folder: Path, _: float) -> None:
    for name, model, seconds in (("MobileNet v1 0.25/128", V1_SMALL, 40.0), ("MobileNet v2 1.0/224", V2, 10.0)):
        path = recorded(folder / f"{model.stem}.mcap", seconds, model=model)
        graph_file = folder / f"{model.stem}.yaml"
        graph_file.write_text(graph(model=model, policy="latency").to_yaml())
        ours, theirs = [], []
        for _ in range(3):
            began = time.perf_counter()
            frames = len(replay(path, mode="lossless", graph=graph_file).results)
            ours.append(frames / (time.perf_counter() - began))
            began = time.perf_counter()
            theirs.append(by_hand(path, model) / (time.perf_counter() - began))
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"lossless, {name}: {statistics.median(ours):.0f} frames a second, by hand ", end="")
        print(f"{statistics.median(theirs):.0f}: {ratio:.2f} x (target 0.95)")


def by_hand(path: Path, model_file: Path = V1_SMALL) -> int:
    """Decode each picture with the reference reader, and infer."""
    import numpy as np
    from foxglove_schemas_protobuf.RawImage_pb2 import RawImage
    from mcap.reader import make_reader

    model, frames = HandWritten(model_file), 0
    with path.open("rb") as file:
        for _, _, message in make_reader(file).iter_messages(topics=["/cameras/front/image"]):
            raw = RawImage.FromString(message.data)
            model(np.frombuffer(raw.data, np.uint8).reshape(raw.height, raw.width, 3))
            frames += 1
    return frames


def corpus(folder: Path, _: float) -> None:
    made = folder / "corpus"
    made.mkdir()
    for k in range(8):
        recorded(made / f"{k}.mcap", 40.0)
    graph_file = made / "graph.yaml"
    graph_file.write_text(graph(policy="latency").to_yaml())
    options, times = {"mode": "lossless", "graph": str(graph_file)}, {1: [], 2: []}
    for _ in range(2):
        for jobs, took in times.items():
            began = time.perf_counter()
            run_corpus(recordings_in(made), options, jobs=jobs)
            took.append(time.perf_counter() - began)
    one, two = min(times[1]), min(times[2])
    print(f"corpus: {one:.1f} s with one worker, {two:.1f} s with two: {one / two:.2f} x (target 1.8)")


def hashes(folder: Path, _: float) -> None:
    path, graph_file = recorded(folder / "hash.mcap", 20.0), folder / "hash.yaml"
    graph_file.write_text(graph(policy="latency").to_yaml())
    command = [sys.executable, "-c", "from edgeai.cli import main; main()", "replay", str(path), "--graph"]
    command += [str(graph_file), "--policy", "power", "--budget", "3.5W", "--json"]
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(2)]
    for burner in burners:
        burner.start()
    found = set()
    for k in range(20):
        told = subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": str(k)}, capture_output=True, text=True, check=False
        ).stdout
        found.add((json.loads(told)["digest"], hash(told)))
    for burner in burners:
        burner.terminate()
    print(f"determinism: 20 replays under load, {len(found)} hash (target 1)")


def burn() -> None:
    while True:
        sum(range(10_000))


class Failing(Camera):
    """The synthetic pictures of a camera that is lost for good after a while."""

    period = 33_333_333

    def __init__(self, frames: int) -> None:
        super().__init__("side", CameraOptions())
        self._left = frames

    def _open(self) -> None:
        import numpy as np

        self._image = np.zeros((48, 64, 3), np.uint8)

    def _read(self, timeout: float) -> Capture:
        self._left -= 1
        if self._left < 0:
            raise DeviceLost("side was unplugged")
        return Capture(self._image.copy())

    def _close(self) -> None:
        pass


def live(folder: Path, seconds: float) -> None:
    """Record live while another process burns the processor on and off, then recompute every file."""
    total = {"files": 0, "decisions": 0, "differ": 0, "variants": set(), "faults": 0}
    for name, options in (("rotated", {"rotate": "100MB"}), ("back", {"look_back": 20.0})):
        made = Graph(
            cameras={"front": "synthetic:?size=160x120&fps=30", "side": Failing(int(seconds * 6))},
            stages={
                "what": {"input": "front", "model": LADDER, "deadline": "33ms", "rate": ["5fps", "30fps"]},
                "other": {"input": "side", "model": LADDER[0], "deadline": "60ms"},
            },
            schedule={"policy": "latency", "miss_rate": 0.01},
        )
        pipeline = Pipeline(made)
        pipeline.record(folder / f"{name}.mcap", **options)
        length = seconds if name == "rotated" else min(seconds, 60.0)
        with pipeline:
            for k in range(int(length)):
                burner = multiprocessing.Process(target=burn, daemon=True) if k % 20 == 5 else None
                if burner is not None:
                    burner.start()
                    running = burner
                if k % 20 == 15:
                    running.terminate()
                pipeline.wait(1.0)
            if "look_back" in options:
                pipeline.recorder.save()
        for path in pipeline.recorder.paths:
            done = replay(path)
            total["files"] += 1
            total["decisions"] += len(done.decisions)
            total["differ"] += sum(
                a.commands != b.commands for a, b in zip(done.decisions, done.past.decisions, strict=True)
            )
            total["variants"] |= {result.variant for result in done.past.results}
        total["faults"] += len(pipeline.faults)
        print(f"live {name}: {len(pipeline.recorder.paths)} files, lost {dict(pipeline.recorder.lost)}", flush=True)
    print(
        f"live to replay: {total['decisions']} decisions in {total['files']} files, {total['differ']} differ; ", end=""
    )
    print(f"{len(total['variants'])} variants ran, {total['faults']} faults")


RUNS = {"speed": speed, "lossless": lossless, "corpus": corpus, "hash": hashes, "live": live}

if __name__ == "__main__":
    main()
