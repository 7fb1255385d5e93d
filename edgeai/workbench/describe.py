"""What a model is made of, read from its file: tensors, operations, memory, work, and its time on known boards."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import ModelError
from edgeai.perception.facts import IDENTIFIER, parse_model, read_content
from edgeai.perception.flatfile import MODEL_SCHEMA, Table, verify
from edgeai.perception.footprint import arena
from edgeai.perception.macs import count_macs
from edgeai.perception.runtimes.operations import operation_name
from edgeai.power.boards import board_names, load_board, slowdown
from edgeai.power.ladders import load_ladder
from edgeai.workbench.estimate import Fit

__all__ = ["Description", "Tensor", "describe"]

_DTYPES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    6: "bool",
    7: "int16",
    8: "complex64",
    9: "int8",
    10: "float64",
    12: "uint64",
    15: "uint32",
    16: "uint16",
}
"""Names by TensorType of the TFLite schema."""
_CUSTOM = 32
_LADDER = "pi4_tflite"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that goes in or comes out; scale is 0 where it is not quantized."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0


@dataclass(frozen=True, slots=True)
class Description:
    """A model file.

    operations: how many of each kind. weights: bytes of constants. activations: the most bytes of tensors needed at one
    time, when operations run in the file's order; runtimes take a little more. boards: estimated median ms on all
    cores; `source` says from what.
    """

    name: str
    path: Path
    sha256: str
    bytes: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operations: Mapping[str, int]
    weights: int
    activations: int
    macs: int
    boards: Mapping[str, float]
    source: str


def describe(path: Path) -> Description:
    """Describe a model file. Raises ModelError for one that cannot be read."""
    content = read_content(path)
    try:
        parse_model(content)
        macs = count_macs(content)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    model = verify(content, MODEL_SCHEMA, "Model", IDENTIFIER)
    graph, buffers = model.tables(2)[0], model.tables(4)
    tensors = graph.tables(0)
    boards, source = _times(macs)
    return Description(
        name=path.stem,
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        inputs=tuple(_tensor(tensors[i]) for i in graph.integers(1)),
        outputs=tuple(_tensor(tensors[i]) for i in graph.integers(2)),
        operations=_operations(model, graph),
        weights=sum(buffer.size(0) for buffer in buffers),
        activations=arena(content),
        macs=macs,
        boards=boards,
        source=source,
    )


def _tensor(tensor: Table) -> Tensor:
    quantization = tensor.table(4)
    scales = quantization.numbers(2, "f") if quantization is not None else ()
    zeros = quantization.integers(3, "q") if quantization is not None else ()
    dtype = _DTYPES.get(tensor.number(1, "b"), "other")
    return Tensor(tensor.text(3), dtype, tensor.integers(0), scales[0] if scales else 0.0, zeros[0] if zeros else 0)


def _operations(model: Table, graph: Table) -> dict[str, int]:
    kinds = []
    for code in model.tables(1):
        number = max(code.number(0, "b"), code.number(3, "i"))
        kinds.append(code.text(1) if number == _CUSTOM else operation_name(number))
    return dict(Counter(kinds[op.number(0, "I")] for op in graph.tables(3)).most_common())


def _times(macs: int) -> tuple[dict[str, float], str]:
    """Return ms by board for a number of multiply-accumulates, none for a model whose work cannot be counted."""
    if not macs:
        return {}, ""
    ladder = load_ladder(_LADDER)
    fit, measured = Fit.of(ladder), load_board(ladder.board)
    ms = {name: fit.ns(macs) / 1e6 * slowdown(load_board(name), measured) for name in board_names()}
    return ms, f"from multiply-accumulates, as {ladder.name} (to {100 * fit.error:.0f} %), scaled by the boards' tables"
