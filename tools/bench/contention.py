"""On this machine for real: a live ladder while other processes burn the processor on and off.

    python tools/bench/contention.py [--seconds S] [--rounds N] [--seed K] [--fps F] [--slack X] [--threads N]
                                       [--burners B] [--profile S]

The four MobileNets of the assets, with the accuracies of their manifest, at a paced rate. The deadline is `slack` times
the median job of the dearest, measured at the start without burners: the cheapest always fits, the dearest mostly. The
policy `latency` and every variant by itself take turns, in rounds whose order is reversed every time; in one round all
meet the same phases of burning, drawn by seed. Burners are processes of their own, as many as there are cores; they
have started, and wait, before a run begins.

On-time accuracy: sum of the accuracies of the results in time, over the frames offered. Best fixed: the variant that
has most of it, known in hindsight; and the best of those that keep the miss rate. Knows the phases: the best mixture of
the fixed variants' own results of these runs, one mixture for calm and one for burning, that keeps the miss rate. No
scheduler does: it learns of a phase from a job that it hits.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import cv2
import yaml
from bench import ASSETS, need_assets, report
from burning import Burners, Others, Spans
from scipy.optimize import linprog

from edgeai import Graph, Pipeline
from edgeai.errors import ConfigError
from edgeai.runtime.taps import Tap

MISS_RATE = 0.01
SETTLING = 1.0
"""Seconds after the first frame, and after each change of contention, whose misses are counted apart."""
DISTURBED = 0.1
"""Cores that other programs may keep busy unmentioned."""
NAMES = (
    "mobilenet_v1_0.25_128_quant",
    "mobilenet_v1_0.5_160_quant",
    "mobilenet_v1_0.75_192_quant",
    "mobilenet_v2_1.0_224_quant",
)
WHERE = ("start", "onset", "burning", "release", "calm")
BURNING = ("onset", "burning")


@dataclass
class Tally:
    """What became of some frames: offered, missed, accuracy of what was in time; variants; jobs and latencies in ms.

    late: results by the longest part of their way. dropped: misses without a job.
    """

    offered: int = 0
    missed: int = 0
    score: float = 0.0
    results: dict[str, int] = field(default_factory=dict)
    jobs: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    late: dict[str, int] = field(default_factory=dict)
    dropped: int = 0

    def result(self, result: Any, deadline: int, accuracy: float) -> None:
        """Enter a result."""
        took = result.published - result.stamp
        self.offered += 1
        self.results[result.variant] = self.results.get(result.variant, 0) + 1
        self.latency.append(took / 1e6)
        self.jobs.append((result.published - at(result, "started")) / 1e6)
        if took <= deadline:
            self.score += accuracy
            return
        self.missed += 1
        cause = longest(result)
        self.late[cause] = self.late.get(cause, 0) + 1

    def drop(self) -> None:
        """Enter a frame that was dropped late, or superseded after being due."""
        self.offered += 1
        self.missed += 1
        self.dropped += 1

    @property
    def accuracy(self) -> float:
        """Return the on-time accuracy."""
        return self.score / max(1, self.offered)

    @property
    def miss_rate(self) -> float:
        return self.missed / max(1, self.offered)


def at(result: Any, mark: str) -> int:
    return next(t for _, name, t in result.ledger if name == mark)


def longest(result: Any) -> str:
    """Return the longest part of a result's way: from start to publication, from capture to arrival, or the wait."""
    captured, arrived, started = (at(result, mark) for mark in ("captured", "arrived", "started"))
    parts = {"job": result.published - started, "wait": started - arrived, "arrival": arrived - captured}
    return max(parts, key=parts.__getitem__)


def pooled(tallies: list[Tally]) -> Tally:
    """Return all of them as one."""
    whole = Tally()
    for one in tallies:
        whole.offered += one.offered
        whole.missed += one.missed
        whole.score += one.score
        whole.dropped += one.dropped
        whole.jobs += one.jobs
        whole.latency += one.latency
        for mine, theirs in ((whole.results, one.results), (whole.late, one.late)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
    return whole


Run = dict[str, Tally]
"""One run of one configuration, by where in the phases its frames were captured."""


class Watch(Tap):
    """Keeps what became of each frame."""

    def __init__(self) -> None:
        self.stamps: dict[int, int] = {}
        self.results: list[Any] = []
        self.drops: list[int] = []

    def captured(self, frame) -> None:
        self.stamps[frame.seq] = frame.stamp

    def published(self, result, frame) -> None:
        self.results.append(result)

    def dropped(self, drop) -> None:
        if drop.cause in ("late", "superseded"):
            self.drops.append(drop.seq)


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


def run(made: Graph, accuracy: dict[str, float], seed: int, options: argparse.Namespace) -> tuple[Run, float]:
    """Run one configuration for its seconds beside burners; return what came of it, and the cores others took."""
    watch, others = Watch(), Others()
    deadline = round(made.stages["seen"].deadline * 1e9)
    pipeline = Pipeline(made, taps=[watch])
    with Burners(options.burners) as burners, pipeline:
        start = time.monotonic_ns()
        spans = burners.burn(start, seed, options.seconds)
        pipeline.wait(options.seconds)
    tallies = {name: Tally() for name in WHERE}
    for result in watch.results:
        tallies[where(result.stamp, start, spans)].result(result, deadline, accuracy[result.variant])
    for seq in watch.drops:
        if seq in watch.stamps:
            tallies[where(watch.stamps[seq], start, spans)].drop()
    return tallies, others.cores()


def where(stamp: int, start: int, spans: Spans) -> str:
    """Return the part of the phases that a frame was captured in."""
    settling = SETTLING * 1e9
    if stamp < start + settling:
        return "start"
    if any(a <= stamp < a + settling for a, _ in spans):
        return "onset"
    if any(a <= stamp < b for a, b in spans):
        return "burning"
    return "release" if any(b <= stamp < b + settling for _, b in spans) else "calm"


# -- what it comes to ----------------------------------------------------------------------------------------------


def whole(runs: list[Run], places: tuple[str, ...] = WHERE) -> Tally:
    return pooled([run[place] for run in runs for place in places])


def phase_oracle(fixed: list[list[Run]]) -> float:
    """Return the on-time accuracy of who knows the phases and mixes the fixed variants' results; NaN if all miss."""
    regimes = (BURNING, tuple(place for place in WHERE if place not in BURNING))
    cells = [[whole(runs, regime) for runs in fixed] for regime in regimes]
    frames = [sum(cell.offered for cell in row) for row in cells]
    weights = [part / sum(frames) for part, row in zip(frames, cells, strict=True) for _ in row]
    flat = [cell for row in cells for cell in row]
    gains = [-weight * cell.accuracy for weight, cell in zip(weights, flat, strict=True)]
    misses = [weight * cell.miss_rate for weight, cell in zip(weights, flat, strict=True)]
    n = len(fixed)
    ones = [[1] * n + [0] * n, [0] * n + [1] * n]
    found = linprog(gains, A_ub=[misses], b_ub=[MISS_RATE], A_eq=ones, b_eq=[1, 1])
    return -found.fun if found.success else float("nan")


def ratio(runs: list[Run], others: list[list[Run]], *, kept: bool) -> float:
    """Return the on-time accuracy over that of the best of others; kept: of those that keep the miss rate."""
    tallies = [whole(other) for other in others]
    best = max((t.accuracy for t in tallies if not kept or t.miss_rate <= MISS_RATE), default=float("nan"))
    return whole(runs).accuracy / best


def summary(name: str, runs: list[Run], fixed: dict[str, list[Run]], accuracy: dict[str, float]) -> dict:
    tally = whole(runs)
    total = sum(tally.results.values()) or 1
    shares = {variant: tally.results.get(variant, 0) / total for variant in accuracy}
    each = [ratio([one], [[run] for run in turn], kept=False) for one, *turn in zip(runs, *fixed.values(), strict=True)]
    return {
        "configuration": name.removeprefix("mobilenet_"),
        "offered": tally.offered,
        "misses %": 100 * tally.miss_rate,
        "on-time accuracy": tally.accuracy,
        "/ knows the phases": tally.accuracy / phase_oracle(list(fixed.values())),
        "/ best fixed": ratio(runs, list(fixed.values()), kept=False),
        "by round": f"{median(each):.3f} ({min(each):.3f}-{max(each):.3f})",
        "/ best that keeps misses": ratio(runs, list(fixed.values()), kept=True),
        "mean variant": sum(accuracy[variant] * share for variant, share in shares.items()),
        "shares %": " ".join(f"{100 * share:.0f}" for share in shares.values()),
    }


def places(name: str, runs: list[Run], accuracy: dict[str, float]) -> dict:
    """Return misses and frames by where they fall, the mean accuracy of the variants that looked, and the blame."""
    row = {"configuration": name.removeprefix("mobilenet_")}
    for place in WHERE:
        tally = whole(runs, (place,))
        looked = sum(tally.results.values()) or 1
        mean = sum(accuracy[variant] * count for variant, count in tally.results.items()) / looked
        row[place] = f"{tally.missed} / {tally.offered} ({mean:.3f})"
    tally = whole(runs)
    late = [f"{count} late by {part}" for part, count in tally.late.items()]
    row["misses are"] = ", ".join([*late, f"{tally.dropped} drops"])
    return row


def durations(name: str, runs: list[Run]) -> dict:
    """Return what burning does to the jobs of one variant: contention is no common factor of long and short ones."""
    calm, burnt = whole(runs, ("calm",)).jobs, whole(runs, BURNING).jobs
    (c50, c99), (b50, b99) = ((cuts[49], cuts[98]) for cuts in (quantiles(jobs, n=100) for jobs in (calm, burnt)))
    return {
        "variant": name.removeprefix("mobilenet_"),
        "calm p50 ms": c50,
        "calm p99 ms": c99,
        "burning p50 ms": b50,
        "burning p99 ms": b99,
        "burning / calm p50": b50 / c50,
        "p99": b99 / c99,
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
    parser.add_argument("--profile", type=float, default=10, help="seconds each variant is profiled on each threads")
    options = parser.parse_args()
    need_assets()
    cv2.setNumThreads(1)
    from edgeai.perception.profile import load_profile, save_profile
    from edgeai.workbench.profile import candidates
    from edgeai.workbench.profile import profile as measure

    with tempfile.TemporaryDirectory() as folder:
        models = ladder(Path(folder))
        file = Path(folder, "profile.yaml")
        names = [str(path) for path in models.values()]
        numbers = () if options.threads == "auto" else (options.threads,)
        save_profile(measure(candidates(names), threads=numbers, seconds=options.profile), file)
        known = load_profile(file)
        accuracy = {model.name: model.accuracy or 0.0 for model in known.models}
        chosen = [model.best() if options.threads == "auto" else model.at(options.threads) for model in known.models]
        deadline = options.slack * max(row.job.p50 for row in chosen) / 1e3
        for warning in known.warnings:
            print(f"warning: {warning}")
        for model, row in zip(known.models, chosen, strict=True):
            print(f"{model.name} on {row.threads}: p50 {row.job.p50:.2f}, p99 {row.job.p99 or float('nan'):.2f} ms")
        print(f"{options.fps:g} frames a second, deadline {1e3 * deadline:.1f} ms, {options.burners} burners")
        policy = {"policy": "latency", "miss_rate": MISS_RATE}
        made = {"latency": graph(list(models.values()), policy, deadline, options, file)}
        for name, path in models.items():
            made[name] = graph([path], {"policy": "fixed"}, deadline, options, file)
        runs: dict[str, list[Run]] = {name: [] for name in made}
        for turn in range(options.rounds):
            for name in list(made) if turn % 2 == 0 else list(reversed(made)):
                try:
                    tallies, cores = run(made[name], accuracy, options.seed + turn, options)
                except ConfigError as error:
                    sys.exit(f"without burners this machine is too slow or too busy for --fps {options.fps:g}: {error}")
                runs[name].append(tallies)
                if cores > DISTURBED:
                    print(f"warning: round {turn + 1}, {name}: other programs kept {cores:.2f} cores busy")
    fixed = {name: runs[name] for name in accuracy}
    report("contention", [summary(name, each, fixed, accuracy) for name, each in runs.items()])
    report(
        f"misses / frames (mean variant) in the first {SETTLING:g} s of the run, of burning, of calm; the rest",
        [places(name, each, accuracy) for name, each in runs.items()],
    )
    report("what burning does to a job", [durations(name, each) for name, each in fixed.items()])


if __name__ == "__main__":
    main()
