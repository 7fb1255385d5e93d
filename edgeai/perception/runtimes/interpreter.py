"""A session over an `Interpreter` class, whose shape ai-edge-litert and tflite-runtime share."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.perception.options import Numerics
from edgeai.perception.runtimes.accelerators import Delegate
from edgeai.perception.tensor import TensorInfo

__all__ = ["InterpreterSession"]

_VENDOR_ERRORS = (RuntimeError, ValueError, MemoryError)

_ADVICE = (
    (
        r"edgetpu-custom-op",
        "it was compiled for an Edge TPU: say `accelerator: edgetpu`, or use the file without `_edgetpu` in its name",
    ),
    (r"custom op: Flex", "it needs TensorFlow's own operations: convert it again with TFLITE_BUILTINS only"),
    (
        r"unresolved custom op: (\S+?)\.?\s",
        "it needs the custom operation {0}: convert it with built-in operations only",
    ),
    (r"Didn't find op for builtin opcode", "it is newer than the runtime: update ai-edge-litert, or convert it again"),
    (r"quantiz", "its quantization parameters are not valid: convert it again with a current converter"),
)


def _sentence(error: BaseException) -> str:
    """Say what the vendor's message means and what to do; the message itself is kept, shortened to its first line."""
    text = str(error)
    first = (text.strip().splitlines() or [type(error).__name__])[0]
    first = first if len(first) <= 160 else first[:157] + "..."
    for pattern, advice in _ADVICE:
        if found := re.search(pattern, text + " "):
            return f"{advice.format(*found.groups())} ({first})"
    return f"use another file, or convert it again ({first})"


def _info(detail: dict[str, Any]) -> TensorInfo:
    scales = detail["quantization_parameters"]["scales"]
    if len(scales) > 1:
        raise ModelError(
            f"tensor {detail['name']!r} is quantized by channel, which inputs and outputs are not: convert it again"
        )
    scale, zero_point = detail["quantization"]
    shape = tuple(int(side) for side in detail["shape"])
    return TensorInfo(detail["name"], shape, np.dtype(detail["dtype"]), float(scale), int(zero_point))


class InterpreterSession:
    """Runs a model through a vendor's Interpreter; with `rows`, so many at a time in place of one."""

    def __init__(
        self,
        vendor: Any,
        content: bytes,
        threads: int,
        numerics: Numerics,
        delegate: Delegate | None = None,
        rows: int = 1,
    ) -> None:
        delegates = None if delegate is None else [delegate.load(vendor)]
        resolver = vendor.OpResolverType.BUILTIN_REF if numerics == "reference" else vendor.OpResolverType.AUTO
        try:
            self._interpreter = vendor.Interpreter(
                model_content=content,
                num_threads=threads,
                experimental_op_resolver_type=resolver,
                experimental_delegates=delegates,
            )
            if rows > 1:
                self._resize(rows)
            self._interpreter.allocate_tensors()
            inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        except _VENDOR_ERRORS as error:
            raise ModelError(f"the runtime refuses the model: {_sentence(error)}") from error
        self.inputs: tuple[TensorInfo, ...] = tuple(_info(detail) for detail in inputs)
        self.outputs: tuple[TensorInfo, ...] = tuple(_info(detail) for detail in outputs)
        self._views = tuple(self._interpreter.tensor(detail["index"]) for detail in inputs)
        self._output_indices = tuple(int(detail["index"]) for detail in outputs)

    def _resize(self, rows: int) -> None:
        for detail in self._interpreter.get_input_details():
            shape = [int(side) for side in detail["shape"]]
            if not shape or shape[0] != 1:
                raise ModelError(f"the input {detail['name']!r} {shape} does not begin with a dimension of 1")
            self._interpreter.resize_tensor_input(detail["index"], [rows, *shape[1:]])

    def input(self, position: int) -> npt.NDArray[Any]:
        """Return the memory of an input, to be written into and let go before `invoke`."""
        view: npt.NDArray[Any] = self._views[position]()
        return view

    def invoke(self) -> None:
        """Run the model. Raises ModelError."""
        try:
            self._interpreter.invoke()
        except _VENDOR_ERRORS as error:
            raise ModelError(f"the model fails when it runs: {_sentence(error)}") from error

    def output(self, position: int) -> npt.NDArray[Any]:
        """Return a copy of an output."""
        copy: npt.NDArray[Any] = self._interpreter.get_tensor(self._output_indices[position])
        return copy
