"""On this machine for real: a live ladder while other processes burn the processor on and off.

    python tools/bench/contention.py [--seconds S] [--rounds N] [--seed K] [--fps F] [--slack X] [--threads N]
                                       [--burners B]

The four MobileNets of the assets, with the accuracies of their manifest, at a paced rate. The deadline is `slack` times
the median job of the dearest, measured at the start without burners: the cheapest always fits, the dearest mostly. The
policy `latency` and every variant by itself take turns, in rounds whose order is reversed every time; in one round all
meet the same phases of burning, drawn by seed. Burners are processes of their own, as many as there are cores.

On-time accuracy: sum of the accuracies of the results in time, over the frames offered. Best fixed: the variant that
has most of it, known in hindsight; and the best of those that keep the miss rate.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import yaml
from bench import ASSETS, need_assets, report

from edgeai import Graph, Pipeline
from edgeai.errors import ConfigError
from edgeai.runtime.taps import Tap

MISS_RATE = 0.01
SETTLING = 1.0
"""Seconds after the first frame, and after each change of contention, whose misses are counted apart."""
MEAN_PHASE = 3.0
BURN = """
import sys, time
for word in sys.argv[1:]:
    begin, end = (int(part) for part in word.split(":"))
    left = begin - time.monotonic_ns()
    if left > 0:
        time.sleep(left / 1e9)
    while time.monotonic_ns() < end:
        for _ in range(20_000):
            pass
"""
NAMES = (
    "mobilenet_v1_0.25_128_quant",
    "mobilenet_v1_0.5_160_quant",
    "mobilenet_v1_0.75_192_quant",
    "mobilenet_v2_1.0_224_quant",
)


@dataclass
class Tally:
    """What became of the frames of one configuration, over all rounds."""

    offered: int = 0
    missed: int = 0
    score: float = 0.0
    results: dict[str, int] = field(default_factory=dict)
    where: dict[str, list[float]] = field(default_factory=lambda: {name: [0, 0, 0.0, 0] for name in WHERE})
    """Misses, frames, sum of the variants' accuracies, results."""
    latency: list[float] = field(default_factory=list)
    blame: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BLAME, 0))


WHERE = ("start", "onset", "burning", "release", "calm")
BLAME = ("job", "start", "arrival", "dropped")
"""The longest part of a late result's way: from start to publication, from arrival to start, from capture to arrival;
and frames that were dropped without a job."""


def blame(result) -> str:
    at = {mark: t for _, mark, t in result.ledger}
    parts = {
        "job": at["published"] - at["started"],
        "start": at["started"] - at["arrived"],
        "arrival": at["arrived"] - at["captured"],
    }
    return max(parts, key=parts.__getitem__)


class Watch(Tap):
    """Keeps when each frame was captured, and what became of it."""

    def __init__(self) -> None:
        self.stamps: dict[int, int] = {}
        self.results: list[tuple[int, str, int, str]] = []
        self.drops: list[tuple[int, str]] = []

    def captured(self, frame) -> None:
        self.stamps[frame.seq] = frame.stamp

    def published(self, result, frame) -> None:
        self.results.append((result.seq, result.variant, result.published - result.stamp, blame(result)))

    def dropped(self, drop) -> None:
        self.drops.append((drop.seq, drop.cause))


def phases(seed: int, seconds: float) -> list[tuple[float, float]]:
    """Return (begin, end) of burning, in seconds from the start; calm and burning last as long on average."""
    rng = random.Random(seed)
    t, spans = rng.uniform(0.5, 1.5) * MEAN_PHASE, []
    while t < seconds:
        end = t + rng.uniform(0.3, 1.7) * MEAN_PHASE
        spans.append((t, min(end, seconds)))
        t = end + rng.uniform(0.3, 1.7) * MEAN_PHASE
    return spans


def ladder(folder: Path) -> dict[str, Path]:
    """Lay the models into a folder, with cards that give their accuracy."""
    entries = json.loads((ASSETS / "manifest.json").read_text())
    manifest = {entry["name"]: entry for entry in entries if entry.get("name") in NAMES}
    found = {}
    for name in NAMES:
        path = folder / f"{name}.tflite"
        path.symlink_to(ASSETS / "models" / path.name)
        value = manifest[name]["validation"]["imagenet200_top1"] / 100
        card = {"name": name.removesuffix("_quant"), "task": "classification"}
        card["accuracy"] = {"metric": "top-1", "value": value, "dataset": "imagenet200"}
        path.with_suffix(".yaml").write_text(yaml.safe_dump(card))
        found[card["name"]] = path
    return found


def graph(models: list[Path], policy: dict, deadline: float, options: argparse.Namespace, profile: Path) -> Graph:
    camera = {"driver": "synthetic", "size": "640x480", "fps": options.fps, "prepared": 16}
    stage = {"model": [str(model) for model in models], "deadline": deadline, "rate": options.fps}
    stage["threads"] = options.threads
    return Graph(cameras={"cam": camera}, stages={"seen": stage}, schedule={**policy, "profile": str(profile)})


def run(made: Graph, tally: Tally, accuracy: dict[str, float], seed: int, options: argparse.Namespace) -> None:
    """Run one configuration for its seconds, with burners beside it, and count."""
    watch = Watch()
    deadline = round(made.stages["seen"].deadline * 1e9)
    pipeline = Pipeline(made, taps=[watch])
    burners: list[subprocess.Popen] = []
    try:
        with pipeline:
            start = time.monotonic_ns()
            spans = [(start + round(a * 1e9), start + round(b * 1e9)) for a, b in phases(seed, options.seconds)]
            words = [f"{a}:{b}" for a, b in spans]
            burners += [subprocess.Popen([sys.executable, "-c", BURN, *words]) for _ in range(options.burners)]
            pipeline.wait(options.seconds)
            stats = pipeline.stats()["seen"]
    finally:
        for burner in burners:
            burner.terminate()
            burner.wait()
    tally.offered += stats.offered
    tally.missed += stats.missed
    for seq, variant, took, cause in watch.results:
        tally.results[variant] = tally.results.get(variant, 0) + 1
        tally.latency.append(took / 1e6)
        if took <= deadline:
            tally.score += accuracy[variant]
        else:
            tally.blame[cause] += 1
        count(tally, spans, start, watch.stamps[seq], took > deadline, accuracy[variant])
    for seq, cause in watch.drops:
        if cause in ("late", "superseded") and seq in watch.stamps:
            tally.blame["dropped"] += 1
            count(tally, spans, start, watch.stamps[seq], missed=True, variant=None)


def count(
    tally: Tally, spans: list[tuple[int, int]], start: int, stamp: int, missed: bool, variant: float | None
) -> None:
    """Enter a frame where it belongs, and the accuracy of the variant that looked at it."""
    settling = SETTLING * 1e9
    if stamp < start + settling:
        name = "start"
    elif any(a <= stamp < a + settling for a, _ in spans):
        name = "onset"
    elif any(a <= stamp < b for a, b in spans):
        name = "burning"
    elif any(b <= stamp < b + settling for _, b in spans):
        name = "release"
    else:
        name = "calm"
    entry = tally.where[name]
    entry[0] += missed
    entry[1] += 1
    if variant is not None:
        entry[2] += variant
        entry[3] += 1


def row(name: str, tally: Tally, accuracy: dict[str, float], best: float, kept: float) -> dict:
    total = sum(tally.results.values()) or 1
    latency = sorted(tally.latency)
    shares = {variant: tally.results.get(variant, 0) / total for variant in accuracy}
    return {
        "configuration": name,
        "offered": tally.offered,
        "misses %": 100 * tally.missed / tally.offered,
        "on-time accuracy": tally.score / tally.offered,
        "/ best fixed": tally.score / tally.offered / best,
        "/ best that keeps misses": tally.score / tally.offered / kept if kept else float("nan"),
        "mean variant": sum(accuracy[variant] * share for variant, share in shares.items()),
        "p50 ms": latency[len(latency) // 2],
        "p99 ms": latency[int(0.99 * len(latency))],
        "shares": " ".join(f"{100 * share:.0f}" for share in shares.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30, help="of each configuration in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fps", type=float, default=30)
    parser.add_argument("--slack", type=float, default=2.5, help="deadline over the dearest's median job")
    parser.add_argument("--threads", type=lambda text: text if text == "auto" else int(text), default="auto")
    parser.add_argument("--burners", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    need_assets()
    cv2.setNumThreads(1)
    from edgeai.perception.profile import load_profile, save_profile
    from edgeai.workbench.profile import candidates
    from edgeai.workbench.profile import profile as measure

    with tempfile.TemporaryDirectory() as folder:
        models = ladder(Path(folder))
        file = Path(folder, "profile.yaml")
        save_profile(measure(candidates([str(path) for path in models.values()]), seconds=2), file)
        known = load_profile(file)
        accuracy = {model.name: model.accuracy or 0.0 for model in known.models}
        chosen = [model.best() if options.threads == "auto" else model.at(options.threads) for model in known.models]
        medians = {model.name: row.job.p50 for model, row in zip(known.models, chosen, strict=True)}
        deadline = options.slack * max(medians.values()) / 1e3
        for warning in known.warnings:
            print(f"warning: {warning}")
        threads = [row.threads for row in chosen]
        print(
            f"medians ms: {medians}, on {threads} threads; deadline {1e3 * deadline:.1f} ms; {options.burners} burners"
        )
        policy = {"policy": "latency", "miss_rate": MISS_RATE}
        made = {"latency": graph(list(models.values()), policy, deadline, options, file)}
        for name, path in models.items():
            made[name] = graph([path], {"policy": "fixed"}, deadline, options, file)
        tallies = {name: Tally() for name in made}
        for turn in range(options.rounds):
            names = list(made) if turn % 2 == 0 else list(reversed(made))
            for name in names:
                try:
                    run(made[name], tallies[name], accuracy, options.seed + turn, options)
                except ConfigError as error:
                    sys.exit(f"without burners this machine is too slow or too busy for --fps {options.fps:g}: {error}")
    fixed = [tallies[name] for name in accuracy]
    best = max(tally.score / tally.offered for tally in fixed)
    kept = max((t.score / t.offered for t in fixed if t.missed <= MISS_RATE * t.offered), default=0.0)
    report("contention", [row(name, tally, accuracy, best, kept) for name, tally in tallies.items()])
    rows = []
    for name, tally in tallies.items():
        parts = {
            where: f"{missed} / {frames} ({total / max(1, results):.3f})"
            for where, (missed, frames, total, results) in tally.where.items()
        }
        why = " ".join(f"{count} {cause}" for cause, count in tally.blame.items())
        rows.append({"configuration": name, **parts, "longest part of a late result": why})
    report(
        f"misses / frames (mean variant) in the first {SETTLING:g} s of the run, of burning, of calm; the rest", rows
    )


if __name__ == "__main__":
    main()
