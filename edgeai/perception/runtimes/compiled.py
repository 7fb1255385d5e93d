"""LiteRT's CompiledModel API, which hands a whole model to a GPU or an NPU."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgeai.errors import DeviceNotFound, ModelError
from edgeai.perception.facts import IDENTIFIER
from edgeai.perception.flatfile import MODEL_SCHEMA, Table, verify
from edgeai.perception.options import Numerics
from edgeai.perception.runtimes import Session
from edgeai.perception.tensor import TensorInfo

__all__ = ["Compiled", "vendors"]

_PARTLY = "Some ops are not accelerated"
_VENDOR_ERRORS = (RuntimeError, ValueError, MemoryError)
_ADVICE = {
    "gpu": "install its Vulkan driver (mesa-vulkan-drivers)",
    "npu": "install the SDK of its vendor, and compile the model for it",
}


def vendors() -> tuple[str, ...]:
    """Return the vendors of NPUs for which this ai-edge-litert has a part."""
    spec = importlib.util.find_spec("ai_edge_litert")
    folders = [Path(place) / "vendors" for place in (spec.submodule_search_locations or [])] if spec else []
    return tuple(
        sorted(part.name for folder in folders if folder.is_dir() for part in folder.iterdir() if part.is_dir())
    )


class Compiled:
    """Runs whole models on a `gpu` or `npu`; `cpu` is for comparison."""

    def __init__(self, hardware: Literal["cpu", "gpu", "npu"]) -> None:
        self._hardware = hardware
        self.name = f"litert+{hardware}"

    def open(self, content: bytes, threads: int, numerics: Numerics, rows: int = 1) -> Session:
        """Compile a model; threads do not matter to an accelerator.

        Raises DeviceNotFound when there is no such hardware, ModelError when it does not take the whole model, or more
        rows than one.
        """
        if rows > 1:
            raise ModelError(f"the {self._hardware} runs one row at a time")
        try:
            from ai_edge_litert.compiled_model import CompiledModel
            from ai_edge_litert.hardware_accelerator import HardwareAccelerator
        except ImportError as error:
            raise DeviceNotFound(
                f"the {self._hardware} needs the CompiledModel API ({error}): `pip install 'ai-edge-litert>=2.0'`"
            ) from error
        try:
            model = CompiledModel.from_buffer(content, HardwareAccelerator[self._hardware.upper()])
            return CompiledSession(model, content)
        except _VENDOR_ERRORS as error:
            raise self._refusal(partly=_PARTLY in str(error)) from error

    def _refusal(self, *, partly: bool) -> ModelError | DeviceNotFound:
        hardware, advice = self._hardware, _ADVICE.get(self._hardware, "look at its message")
        if partly:
            return ModelError(
                f"the {hardware} is not here, or does not take every operation of the model ({_PARTLY}): {advice}, or "
                "say `fallback: cpu`"
            )
        return DeviceNotFound(
            f"no {hardware} can be used by LiteRT, which says why on standard error: {advice}, or say `fallback: cpu`"
        )


class CompiledSession:
    """A compiled model, whose tensors are copied to and from the accelerator's memory."""

    def __init__(self, model: Any, content: bytes) -> None:
        tables = verify(content, MODEL_SCHEMA, "Model", IDENTIFIER).tables(2)[0]
        self._model = model
        self._signature = next(iter(model.get_signature_list()))
        takes = self._sorted(model.get_input_tensor_details(self._signature), tables.integers(1))
        makes = self._sorted(model.get_output_tensor_details(self._signature), tables.integers(2))
        self.inputs = tuple(_info(detail, tables) for _, detail in takes)
        self.outputs = tuple(_info(detail, tables) for _, detail in makes)
        self._arrays = [np.zeros(info.shape, info.dtype) for info in self.inputs]
        self._takes = {name: model.create_input_buffer_by_name(self._signature, name) for name, _ in takes}
        self._makes = {name: model.create_output_buffer_by_name(self._signature, name) for name, _ in makes}
        self._output_names = [name for name, _ in makes]

    @staticmethod
    def _sorted(details: dict[str, dict[str, Any]], order: tuple[int, ...]) -> list[tuple[str, dict[str, Any]]]:
        """Put a signature's tensors, which are sorted by name, into the model's order."""
        return sorted(details.items(), key=lambda item: order.index(item[1]["index"]))

    def input(self, position: int) -> npt.NDArray[Any]:
        """Return the memory of an input, to be written into and let go before `invoke`."""
        return self._arrays[position]

    def invoke(self) -> None:
        """Run the model. Raises ModelError."""
        try:
            for array, buffer in zip(self._arrays, self._takes.values(), strict=True):
                buffer.write(array)
            self._model.run_by_name(self._signature, self._takes, self._makes)
        except _VENDOR_ERRORS as error:
            raise ModelError(f"the model fails when it runs: {str(error).splitlines()[-1]}") from error

    def output(self, position: int) -> npt.NDArray[Any]:
        """Return a copy of an output."""
        info = self.outputs[position]
        array: npt.NDArray[Any] = self._makes[self._output_names[position]].read(info.size, info.dtype)
        return array.reshape(info.shape)


def _info(detail: dict[str, Any], graph: Table) -> TensorInfo:
    quantization = graph.tables(0)[detail["index"]].table(4)
    scales = quantization.numbers(2, "f") if quantization is not None else ()
    zeros = quantization.integers(3, "q") if quantization is not None else ()
    shape = tuple(int(side) for side in detail["shape"])
    scale, zero = (float(scales[0]) if scales else 0.0), (zeros[0] if zeros else 0)
    return TensorInfo(detail["name"], shape, np.dtype(detail["dtype"]), scale, zero)
