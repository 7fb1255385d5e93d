"""State: outputs of a model that are its inputs at the next invocation, as its card says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.perception.runtimes import Session
from edgeai.perception.tensor import TensorInfo

__all__ = ["State", "state_pairs"]


def state_pairs(
    said: Mapping[str, str], inputs: tuple[TensorInfo, ...], outputs: tuple[TensorInfo, ...]
) -> tuple[tuple[int, int], ...]:
    """Return the positions (output, input) that {output name: input name} speaks of. Raises ModelError."""
    pairs = tuple(
        (_position(outputs, made, "output"), _position(inputs, given, "input")) for made, given in said.items()
    )
    if len({given for _, given in pairs}) < len(pairs):
        raise ModelError("its card feeds two outputs into one input: correct `state`")
    for made, given in pairs:
        if outputs[made].shape != inputs[given].shape:
            raise ModelError(
                f"its card feeds {outputs[made].name!r} {list(outputs[made].shape)} into {inputs[given].name!r} "
                f"{list(inputs[given].shape)}: correct `state`"
            )
    if len(pairs) in {len(inputs), len(outputs)}:
        raise ModelError("its card leaves no input or no output beside the state: correct `state`")
    return pairs


def _position(tensors: tuple[TensorInfo, ...], name: str, kind: str) -> int:
    names = [info.name for info in tensors]
    if names.count(name) != 1:
        raise ModelError(f"its card says `state` and the model has no {kind} {name!r}: it has {', '.join(names)}")
    return names.index(name)


class State:
    """The state of one interpreter: a real 0 at its start. Used from one thread at a time."""

    def __init__(self, session: Session, pairs: tuple[tuple[int, int], ...]) -> None:
        self._session, self._pairs = session, pairs
        self._kept: dict[int, npt.NDArray[Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def reset(self) -> None:
        """Begin anew."""
        self._kept = {}

    def feed(self) -> None:
        """Write the state into the inputs."""
        for _, given in self._pairs:
            self._session.input(given)[...] = self._kept.get(given, self._session.inputs[given].zero_point)

    def keep(self) -> None:
        """Take the state from the outputs; where the two are quantized differently, it is rounded to the nearest."""
        for made, given in self._pairs:
            here, there = self._session.outputs[made], self._session.inputs[given]
            value = self._session.output(made)
            if (here.dtype, here.scale, here.zero_point) != (there.dtype, there.scale, there.zero_point):
                value = there.quantize(here.dequantize(value).astype(float))
            self._kept[given] = value
