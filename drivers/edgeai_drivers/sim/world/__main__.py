"""The simulated rover in a process of its own, on a pseudo-terminal: `python -m edgeai_drivers.sim.world --help`.

What drives it may die: the rover's own watchdog then stops the wheels, and this process still tells so.
"""

from __future__ import annotations

import argparse
import json
import sys

from edgeai.clock import NS, SystemClock
from edgeai_drivers.framing import PROTOCOLS
from edgeai_drivers.sim._line import Pty

from .machine import RoverMachine

TURN = NS // 100
"""ns between two looks at the line."""
TOLD = 5
"""Turns between two printed lines."""


def main() -> None:
    """Print the port's path, then twenty lines of JSON a second: time (ns, monotonic), speed, driving, stops."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=0, help="of the course")
    arguments.add_argument("--protocol", choices=PROTOCOLS, default="binary")
    given = arguments.parse_args()
    clock, line = SystemClock(), Pty()
    rover = RoverMachine(given.seed, protocol=given.protocol)
    _tell({"port": line.path})
    turn = 0
    while True:
        now = clock.now()
        rover.feed(line.receive(), now)
        line.send(rover.take())
        if turn % TOLD == 0:
            truth = rover.truth()
            _tell({"t": now, "speed": truth.speed, "driving": rover.driving, "stops": rover.counts.stops})
        turn += 1
        clock.sleep_until(now + TURN)


def _tell(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(0)
