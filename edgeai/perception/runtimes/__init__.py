"""The one seam between edgeai and what runs a model: a Runtime opens a Session on the bytes of a model file."""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import replace
from importlib import metadata
from typing import Any, Protocol

import numpy.typing as npt

from edgeai.errors import DeviceError, ModelError
from edgeai.messages import Device
from edgeai.perception.options import Accelerator, ModelOptions, Numerics, RuntimeName
from edgeai.perception.tensor import TensorInfo

__all__ = ["Runtime", "Session", "choose_runtime", "installed", "open_session"]

_log = logging.getLogger("edgeai")


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

    def open(self, content: bytes, threads: int, numerics: Numerics, rows: int = 1) -> Session:
        """Make a model ready. `content` is shared, not copied.

        With `rows`, its inputs have so many in place of one; not every model allows it. Raises ModelError.
        """


def open_session(content: bytes, threads: int, options: ModelOptions) -> tuple[Runtime, Session]:
    """Make a model ready where the options want it, and return with it the runtime that opens more such sessions.

    With `fallback: cpu` an accelerator that is missing, or refuses the model, is announced in the log, and the CPU
    runs the model. Raises ModelError; DeviceNotFound for an accelerator that is not here.
    """
    if options.accelerator is not None and options.numerics == "reference":
        raise ModelError("reference kernels run on the CPU alone: leave out `accelerator` or `numerics: reference`")
    runtime = choose_runtime(options.runtime, options.accelerator)
    try:
        return runtime, runtime.open(content, threads, options.numerics)
    except (DeviceError, ModelError) as error:
        if options.accelerator is None or options.fallback != "cpu":
            raise
        opened = open_session(content, threads, replace(options, accelerator=None))
        _log.warning("the CPU runs the model instead of its accelerator: %s", error)
        return opened


def choose_runtime(name: RuntimeName, accelerator: Accelerator | None = None) -> Runtime:
    """Return the runtime of that name; `auto` prefers ai-edge-litert.

    Raises ModelError when it is not installed, no such runtime exists, or it cannot drive that accelerator.
    """
    from edgeai.perception.runtimes.accelerators import delegate_of

    delegate = None if accelerator is None else delegate_of(accelerator)
    if accelerator is not None and delegate is None:
        from edgeai.perception.runtimes.compiled import Compiled

        if name == "tflite_runtime" or accelerator not in ("gpu", "npu"):
            raise ModelError(f"{name} cannot use the accelerator {accelerator!r}: say edgetpu, gpu or npu, on litert")
        return Compiled(accelerator)
    if name == "auto":
        name = "litert" if importlib.util.find_spec("ai_edge_litert") else "tflite_runtime"
    if name == "litert":
        from edgeai.perception.runtimes.litert import Litert

        return Litert(delegate)
    if name == "tflite_runtime":
        from edgeai.perception.runtimes.tflite_runtime import TfliteRuntime

        return TfliteRuntime(delegate)
    raise ModelError(f"there is no runtime {name!r}: choose auto, litert or tflite_runtime")


def installed() -> list[Device]:
    """List the runtimes, and for one that is not installed what installs it."""
    return [
        _installed("litert", "ai_edge_litert", "ai-edge-litert", "pip install ai-edge-litert"),
        _installed("tflite_runtime", "tflite_runtime", "tflite-runtime", "pip install 'edgeai[tflite-runtime]'"),
    ]


def _installed(name: str, module: str, package: str, command: str) -> Device:
    if importlib.util.find_spec(module) is None:
        return Device(name, name, package, f"not installed: {command}")
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        version = "of unknown version"
    return Device(name, name, f"{package} {version}")
