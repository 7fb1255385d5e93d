"""How much a model computes: multiply-accumulates of one inference, counted in its file.

With |y| the elements of an operation's output, k x l its kernel, and c the channels that go in:

    convolution |y| k l c     depthwise |y| k l     transposed |x| k l c_out     fully connected, matrix product |y| c
    LSTM: the elements of its weight matrices, for each step of time

Everything else - additions, activations, poolings - is left out, as is usual; loops count once.
"""

from __future__ import annotations

from math import prod

from edgeai.errors import ModelError
from edgeai.perception.facts import IDENTIFIER
from edgeai.perception.flatfile import MODEL_SCHEMA, DamagedError, Table, verify

__all__ = ["count_macs"]

_CONV, _DEPTHWISE, _DENSE, _LSTM, _SEQUENCE_LSTM, _TRANSPOSED, _MATMUL = 3, 4, 9, 16, 44, 67, 126
_LSTM_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 16)
"""Inputs of an LSTM that are matrices: four for what comes in, four for what it remembers, the projection."""


def count_macs(content: bytes) -> int:
    """Return the multiply-accumulates of a .tflite file. Raises ModelError for a damaged one."""
    try:
        model = verify(content, MODEL_SCHEMA, "Model", IDENTIFIER)
        graph, codes = model.tables(2)[0], model.tables(1)
        shapes = [tensor.integers(0) for tensor in graph.tables(0)]
        return sum(_macs(codes, operator, shapes) for operator in graph.tables(3))
    except (DamagedError, IndexError) as error:
        raise ModelError(f"the file is damaged ({error}): fetch or convert it again") from error


def _macs(codes: list[Table], operator: Table, shapes: list[tuple[int, ...]]) -> int:
    code = codes[operator.number(0, "I")]
    kind = max(code.number(0, "b"), code.number(3, "i"))
    inputs = [shapes[i] if i >= 0 else () for i in operator.integers(1)]
    made = prod(shapes[operator.integers(2)[0]]) if operator.integers(2) else 0
    if kind == _CONV:
        return made * prod(inputs[1][1:])
    if kind == _DEPTHWISE:
        return made * prod(inputs[1][1:3])
    if kind == _DENSE:
        return made * inputs[1][-1]
    if kind == _TRANSPOSED:
        return prod(inputs[2]) * prod(inputs[1][:3])
    if kind == _MATMUL:
        options = operator.table(4)
        flipped = options is not None and options.number(0, "B")
        return made * inputs[0][-2 if flipped else -1]
    if kind in (_LSTM, _SEQUENCE_LSTM):
        steps = prod(inputs[0]) // max(1, inputs[0][-1])
        return steps * sum(prod(inputs[i]) for i in _LSTM_WEIGHTS if i < len(inputs) and inputs[i])
    return 0
