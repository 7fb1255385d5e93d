"""Train, quantize, measure and prove the three pilots that come with edgeai.

    python -m tools.train_pilot                 everything, into edgeai/pilots
    python -m tools.train_pilot --only pilot_small --frames 8000 --epochs 4 --into /tmp/pilots

Needs the extra `train`. One seed gives one set of frames, one start and one order of training; weights of two runs
differ only as far as parallel sums are rounded in another order.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tools.pilot.export import quantize, write_card
from tools.pilot.frames import Frames, draw_frames
from tools.pilot.measure import drive, invoke_ms, load, score
from tools.pilot.networks import LADDER, Layout, macs, train

TRAINING_SEEDS = 10_000
"""First seed of the courses and looks trained on; the drivers' own seeds are meant to be small."""
HELD_OUT = range(500, 540)
"""Seeds of the held-out frames."""
COURSES = range(100, 105)
"""Seeds of the courses driven at the end; never trained on either."""
PER_COURSE = 40


def main() -> None:
    """Run the whole of it and print a table."""
    options = _options()
    options.into.mkdir(parents=True, exist_ok=True)
    seeds = range(TRAINING_SEEDS, TRAINING_SEEDS + options.frames // PER_COURSE)
    print(f"rendering {len(seeds) * PER_COURSE} frames of {len(seeds)} courses")
    frames, held_out = draw_frames(seeds, PER_COURSE), draw_frames(HELD_OUT, 50)
    for layout in LADDER:
        if layout.name in (options.only or layout.name):
            _make(layout, frames, held_out, options, seeds)
    for layout in LADDER:
        if (options.into / f"{layout.name}.tflite").exists():
            _prove(layout, options.into)


def _make(layout: Layout, frames: Frames, held_out: Frames, options: argparse.Namespace, seeds: range) -> None:
    network = train(layout, frames, options.epochs, options.seed)
    chosen = np.random.default_rng(options.seed).permutation(len(frames.images))[:300]
    path = options.into / f"{layout.name}.tflite"
    path.write_bytes(quantize(network, layout, frames.images[chosen]))
    pilot = load(path)
    result = score(pilot, held_out)
    write_card(
        path,
        layout,
        result,
        f"{len(held_out.images)} rendered frames of held-out courses and looks, seeds {HELD_OUT[0]}-{HELD_OUT[-1]}",
        {
            "command": f"python -m tools.train_pilot --seed {options.seed} --epochs {options.epochs}",
            "frames": len(frames.images),
            "seeds": f"{seeds[0]}-{seeds[-1]}",
        },
    )
    print(
        f"{layout.name}: {macs(layout) / 1e6:.2f} M MACs, {path.stat().st_size} bytes, "
        f"{invoke_ms(pilot, held_out.images[0]):.3f} ms, {result}"
    )


def _prove(layout: Layout, folder: Path) -> None:
    pilot = load(folder / f"{layout.name}.tflite")
    for latency_ms, laps in ((20, 5), (400, 5)):
        for seed in COURSES:
            truth = drive(pilot, seed, laps=laps, latency_ms=latency_ms)
            print(
                f"{layout.name} latency {latency_ms} ms course {seed}: {truth.laps} laps in {truth.t_ns / 1e9:.1f} s, "
                f"max |cross-track error| {truth.max_cross_track_error:.3f} m, left the line {truth.departures} times"
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent.parent / "edgeai" / "pilots")
    parser.add_argument("--only", action="append", choices=[layout.name for layout in LADDER])
    parser.add_argument("--frames", type=int, default=24_000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
