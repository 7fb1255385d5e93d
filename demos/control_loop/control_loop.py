"""A control loop at 100 Hz that steers by the newest result, and knows how old it is: control_loop.py [--seconds S]."""

import argparse
from collections import Counter
from pathlib import Path

import edgeai

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--seconds", type=float, help="end after so long; else with Ctrl-C")
seconds = arguments.parse_args().seconds


class Motors:
    """Stands for a robot's motors: put your own calls here."""

    steering, stopped = 0.0, ""

    def steer(self, steering):
        self.steering = steering

    def stop(self, fault):
        self.steering, self.stopped = 0.0, str(fault)


motors, turns = Motors(), Counter()
with edgeai.Pipeline.load(Path(__file__).with_name("control_loop.yaml"), on_fault=motors.stop) as pipeline:
    pilot = pipeline.latest("pilot")
    for tick in pipeline.rate(100):
        seen = pilot.get(max_age=0.15)  # never blocks, never raises
        turns[seen.status.value] += 1
        # STALE, NEVER and FAULT: seen.why says more; straight on is this robot's way to be careful
        motors.steer(seen.value["steering"] if seen.status is edgeai.FRESH else 0.0)
        if tick.n % 100 == 0:
            print(f"{tick.n / 100:3.0f} s: {seen.status.value}, {seen.age * 1e3:.0f} ms old, {motors.steering:+.2f}")
        if motors.stopped or (seconds and tick.n >= seconds * 100):
            break
print(*(f"{count} turns {status}" for status, count in turns.items()), sep=", ")
if motors.stopped:
    raise SystemExit(f"stopped: {motors.stopped}")
