"""A rover follows a line within a budget of power, and a page shows it: line_rover.py [--port P] [--seconds S]."""

import argparse
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

import edgeai
from edgeai_drivers.sim.world.course import make_course

course, side, trail = make_course(3), 360, []
line = np.stack([course.xs, course.ys], axis=1)
corner, scale = line.min(axis=0) - 0.4, side / (np.ptp(line, axis=0).max() + 0.8)


def draw_map(truth):
    """Return the course from above, where the rover was, and where it is: a picture, so the page shows it."""
    here, turn = np.array((truth["x"], truth["y"])), truth["heading"]
    trail.append(here)
    picture = np.full((side, side, 3), 245, np.uint8)
    rover = (here, here + 0.25 * np.array((np.cos(turn), np.sin(turn))))
    for points, colour, width in ((line, (60, 60, 200), 3), (trail[-300:], (200, 120, 0), 3), (rover, 0, 8)):
        pixels = ((np.array(points) - corner) * scale).astype(np.int32)
        cv2.polylines(picture, [pixels], points is line, colour, width, cv2.LINE_AA)
    return picture[::-1]  # north is up on a map, and the first row of a picture


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=8080)
    arguments.add_argument("--seconds", type=int, help="end after so long; else with Ctrl-C")
    given = arguments.parse_args()
    graph = Path(__file__).with_name("line_rover.yaml")
    with edgeai.Pipeline.load(graph, allow_code=True).live_view(given.port) as pipeline:
        print("look at", pipeline.view.url, flush=True)
        for tick in islice(pipeline.rate(1), given.seconds):
            plan, rover = pipeline.latest("pilot").plan, pipeline.latest("rover").get().value
            print(f"{tick.n:3d} s: {plan.variant}, {rover['cross_track_error']:+.3f} m beside the line", flush=True)
