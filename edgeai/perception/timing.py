"""How long a model's job takes: preprocessing of a typical picture, invocation, decoding, as a lane runs them."""

from __future__ import annotations

import contextlib
import functools

import cv2
import numpy as np

from edgeai.clock import Clock
from edgeai.errors import ModelError
from edgeai.messages import Frame
from edgeai.perception.model import Model

__all__ = ["FRAME", "WARM_UPS", "give_input", "time_job", "warm_up"]

FRAME = (640, 480)
"""Width and height of the picture a job begins with: what most cameras give."""

WARM_UPS = 3
"""Jobs before measuring: the first ones allocate and fill caches."""


@functools.cache
def typical_frame() -> Frame:
    """Return a colourful, smooth picture, the same everywhere: a blank one costs decoders less than a real one."""
    noise = np.random.default_rng(7).integers(0, 255, (15, 20, 3), dtype=np.uint8)
    return Frame("typical", 0, 0, np.asarray(cv2.resize(noise, FRAME, interpolation=cv2.INTER_LINEAR), np.uint8))


def give_input(model: Model) -> None:
    """Write a typical picture into a model's input, or zeros where it takes none."""
    if model.takes_pictures:
        model.prepare(typical_frame())
    else:
        model.prepare_array(np.zeros(model.input.shape))


def time_job(model: Model, clock: Clock) -> tuple[int, int]:
    """Run one job and return the ns it took in all, and those of the invocation.

    A picture on which the decoder raises (NaN, say) is timed to there: the stage will say it when it runs.
    """
    began = clock.now()
    give_input(model)
    prepared = clock.now()
    model.invoke()
    invoked = clock.now()
    with contextlib.suppress(ModelError):
        model.decode()
    return clock.now() - began, invoked - prepared


def warm_up(model: Model, clock: Clock) -> None:
    """Run the jobs that are not measured."""
    for _ in range(WARM_UPS):
        time_job(model, clock)
    model.reset()
