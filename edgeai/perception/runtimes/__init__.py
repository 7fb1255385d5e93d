"""The one seam between edgeai and what runs a model: a Runtime opens a Session on the bytes of a model file."""

from __future__ import annotations

import importlib.util
from typing import Any, Protocol

import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.perception.options import Numerics, RuntimeName
from edgeai.perception.tensor import TensorInfo

__all__ = ["Runtime", "Session", "choose_runtime"]


class Session(Protocol):
    """A model made ready on a fixed number of threads. Used from one thread at a time."""

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """The inputs, in the model's order."""

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """The outputs, in the model's order."""

    def input(self, position: int) -> npt.NDArray[Any]:
        """Return the memory of an input, to be written into and let go before `invoke`."""

    def invoke(self) -> None:
        """Run the model. Raises ModelError."""

    def output(self, position: int) -> npt.NDArray[Any]:
        """Return a copy of an output."""


class Runtime(Protocol):
    """Opens sessions; `name` is what a graph calls it."""

    name: str

    def open(self, content: bytes, threads: int, numerics: Numerics) -> Session:
        """Make a model ready. `content` is shared, not copied. Raises ModelError."""


def choose_runtime(name: RuntimeName) -> Runtime:
    """Return the runtime of that name; `auto` prefers ai-edge-litert.

    Raises ModelError when it is not installed, or no such runtime exists.
    """
    if name == "auto":
        name = "litert" if importlib.util.find_spec("ai_edge_litert") else "tflite_runtime"
    if name == "litert":
        from edgeai.perception.runtimes.litert import Litert

        return Litert()
    if name == "tflite_runtime":
        from edgeai.perception.runtimes.tflite_runtime import TfliteRuntime

        return TfliteRuntime()
    raise ModelError(f"there is no runtime {name!r}: choose auto, litert or tflite_runtime")
