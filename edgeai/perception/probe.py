"""Inputs that have little in common, by which a model that is dead is told from one that lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Frame
from edgeai.perception.tensor import TensorInfo

if TYPE_CHECKING:
    from edgeai.perception.model import Model

__all__ = ["responds", "show", "unlike_inputs"]

_SIDE = 64


def responds(model: Model) -> bool:
    """Say whether the outputs differ for black, white, noise and a ramp; else the model may be dead.

    True also where that cannot be told, because the model may say the same of all pictures with nothing in them.
    Forgets the state.
    """
    if model.says_nothing_alike:
        return True
    seen = set()
    for values in unlike_inputs(model.input, pictures=model.takes_pictures):
        model.reset()
        show(model, values)
        model.invoke()
        seen.add(b"".join(output.tobytes() for output in model.found()))
    model.reset()
    return len(seen) > 1


def show(model: Model, values: npt.NDArray[Any]) -> None:
    """Write one of `unlike_inputs` into a model's input."""
    if model.takes_pictures:
        model.prepare(Frame("probe", 0, 0, values))
    else:
        model.prepare_array(values)


def unlike_inputs(info: TensorInfo, *, pictures: bool) -> list[npt.NDArray[Any]]:
    """Return black, white, noise and a ramp: as BGR pictures, or as real values of the input's shape.

    Real values lie within what a quantized input can hold, and within -1 and 1 otherwise.
    """
    random = np.random.default_rng(0)
    if pictures:
        noise = random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
        levels = np.linspace(0, 255, _SIDE).astype(np.uint8)
        ramp = np.broadcast_to(levels[:, None, None], noise.shape)
        return [np.zeros_like(noise), np.full_like(noise, 255), noise, ramp]
    reach = 100 * info.scale if info.quantized else 1.0
    slope = np.linspace(-reach, reach, info.size).reshape(info.shape)
    return [np.zeros(info.shape), np.full(info.shape, reach), random.uniform(-reach, reach, info.shape), slope]
