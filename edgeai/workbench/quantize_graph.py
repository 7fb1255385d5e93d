"""A float model's graph, brought to the form that ai-edge-quantizer reads, and what became of it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeai.driver import vendor
from edgeai.errors import ModelError
from edgeai.perception.memory import available_memory

__all__ = ["SIGNATURE", "FloatGraph", "left_float", "require_memory"]

SIGNATURE = "serving_default"
_NEEDS = 8
"""Bytes of memory for each of a model's: its content, the tree of it, a copy, and the content written anew, twice over
with the weights in float64 while they are quantized."""
_FLOAT32, _FLOAT16 = 0, 1
_PACKAGED_METADATA = "TFLITE_METADATA"


@dataclass(frozen=True, slots=True)
class FloatGraph:
    """The bytes of a float model with one signature, and the names of its inputs in the model's order."""

    content: bytes
    inputs: tuple[str, ...]

    @classmethod
    def of(cls, content: bytes) -> FloatGraph:
        """Bring a model to today's form.

        Older converters wrote the kind of an operation into another field and gave no signature, without which the
        library neither sees the operations nor calibrates. Packed metadata is left out, because the label files in it
        lie behind the graph and are lost by writing it anew: the variant's card says what it said.
        Raises ModelError for a model that is quantized already or that cannot be calibrated.
        """
        tree = _read(content)
        _require_float(tree)
        if len(tree.subgraphs) != 1:
            raise ModelError(
                f"it holds {len(tree.subgraphs)} graphs (loops or branches): quantize it where it is "
                "trained and converted"
            )
        for code in tree.operatorCodes:
            code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
        graph = tree.subgraphs[0]
        _name_apart(graph.tensors)
        schema = vendor("ai_edge_litert.schema_py_generated", "quantize")
        names = [f"input_{i}" for i in range(len(graph.inputs))]
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = SIGNATURE, 0
        signature.inputs = [_mapped(schema, *pair) for pair in zip(names, graph.inputs, strict=True)]
        signature.outputs = [_mapped(schema, f"output_{i}", tensor) for i, tensor in enumerate(graph.outputs)]
        tree.signatureDefs = [signature]
        tree.metadata = [entry for entry in tree.metadata or () if _text(entry.name) != _PACKAGED_METADATA] or None
        return cls(_write(tree), tuple(names))


def require_memory(size: int, available: int | None = None) -> None:
    """Raise ModelError where a model of `size` bytes would not fit in memory while it is quantized.

    available: bytes; None: what the kernel says.
    """
    available = available_memory() if available is None else available
    if available is not None and size * _NEEDS > available:
        raise ModelError(
            f"it has {size / 1e6:.0f} MB, of which quantizing takes {_NEEDS} times as much memory, and "
            f"{available / 1e6:.0f} MB are free: close other programs, or quantize it on a larger machine"
        )


def left_float(content: bytes) -> tuple[int, tuple[str, ...]]:
    """Return how many tensors of a variant are quantized, and the operations that compute in float32 alone."""
    tree = _read(content)
    graph = tree.subgraphs[0]
    kinds = {number: name for name, number in vars(_schema().BuiltinOperator).items() if isinstance(number, int)}
    reduced = {i for i, tensor in enumerate(graph.tensors) if tensor.type != _FLOAT32 and _reduced(tensor)}
    names = []
    for operator in graph.operators:
        touched: Sequence[int] = [*operator.inputs, *operator.outputs]
        code = tree.operatorCodes[operator.opcodeIndex]
        kind = kinds.get(max(code.builtinCode, code.deprecatedBuiltinCode), "CUSTOM")
        if kind not in {"QUANTIZE", "DEQUANTIZE"} and not reduced & set(touched):
            names.append(kind)
    return len(reduced), tuple(sorted(set(names)))


def _reduced(tensor: Any) -> bool:
    return tensor.type == _FLOAT16 or (tensor.quantization is not None and tensor.quantization.scale is not None)


def _schema() -> Any:
    return vendor("ai_edge_litert.schema_py_generated", "quantize")


def _read(content: bytes) -> Any:
    """Return a tree of the file, of which no array is a view of `content`."""
    return copy.deepcopy(_schema().ModelT.InitFromObj(_schema().Model.GetRootAsModel(content, 0)))


def _write(tree: Any) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _require_float(tree: Any) -> None:
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            if _reduced(tensor):
                raise ModelError(
                    f"it is quantized already (tensor {_text(tensor.name)!r}): give the float32 model it was made from"
                )


def _name_apart(tensors: Sequence[Any]) -> None:
    """Give tensors of the same name names of their own: the library tells them apart by name."""
    seen: set[str] = set()
    for i, tensor in enumerate(tensors):
        name = _text(tensor.name)
        if name in seen:
            tensor.name = f"{name}#{i}"
        seen.add(name)


def _mapped(schema: Any, name: str, tensor: int) -> Any:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name, tensor
    return entry


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
