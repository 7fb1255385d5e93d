"""What a model's graph says of itself, read from the file: which operations feed its outputs.

The runtime cannot be asked: once a delegate has taken the graph over, its operations are hidden.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flatbuffers import flexbuffers

from edgeai.errors import ModelError
from edgeai.perception.decoding import PostProcess
from edgeai.perception.flatfile import MODEL_SCHEMA, DamagedError, Table, verify
from edgeai.perception.memory import available_memory

__all__ = ["BYTES", "IDENTIFIER", "Facts", "parse_model", "read_content"]

MAX_BYTES = 1 << 31
IDENTIFIER = b"TFL3"

_DEQUANTIZE, _RESHAPE, _SOFTMAX, _CUSTOM, _SQUEEZE, _QUANTIZE = 6, 22, 25, 32, 43, 114
_PASSING: Final = frozenset({_DEQUANTIZE, _RESHAPE, _SQUEEZE, _QUANTIZE})
"""Operations that hand values on without changing what they mean."""
_POSTPROCESS = "TFLite_Detection_PostProcess"
BYTES: Final = {0: 4, 1: 2, 2: 4, 3: 1, 4: 8, 6: 1, 7: 2, 8: 8, 9: 1, 10: 8, 11: 16, 12: 8, 15: 4, 16: 2}
"""Bytes of an element by TensorType; packed and variable types are left out."""
_ELEMENTS_LIMIT = 1 << 31
_WEIGHTED: Final = frozenset({3, 4, 9})
"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED."""
_WEIGHTED_RATIO_LIMIT = 256.0
_ZERO_POINTS: Final = {3: (0, 255), 7: (-(1 << 15), (1 << 15) - 1), 9: (-128, 127)}
"""Range of a zero point by TensorType, of uint8, int16 and int8."""
_SUMS: Final = frozenset({0, 41})
"""ADD, SUB."""
_SUM_RATIO_LIMIT = 2.0**20


@dataclass(frozen=True, slots=True)
class Facts:
    """`softmax`: positions of outputs that a softmax feeds. `postprocess`: the SSD post-processing, if it is there.

    `metadata` is the file's TFLite metadata, empty when it has none.
    """

    softmax: frozenset[int] = frozenset()
    postprocess: PostProcess | None = None
    metadata: bytes = b""


def read_content(path: Path, available: int | None = None) -> bytes:
    """Read a model file whole. Raises ModelError when it is missing, no regular file, or too large.

    available: bytes of memory; None: what the kernel says. The interpreter packs the weights once more.
    """
    if not path.exists():
        raise ModelError(f"{path} does not exist: correct the path of the model")
    if not path.is_file():
        raise ModelError(f"{path} is not a file: give the path of a .tflite file")
    if path.stat().st_size >= MAX_BYTES:
        raise ModelError(f"{path} is larger than 2 GiB, which a .tflite file cannot be: give another file")
    available = available_memory() if available is None else available
    if available is not None and 2 * path.stat().st_size > available:
        raise ModelError(
            f"{path} has {path.stat().st_size / 1e6:.0f} MB, which a runtime takes twice, and {available / 1e6:.0f} MB "
            "of memory are free: close other programs, or use a smaller model"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): correct its permissions") from error


def parse_model(content: bytes) -> Facts:
    """Check the structure of a .tflite file and read the facts. Raises ModelError for a damaged file."""
    if content[4:8] != IDENTIFIER:
        found = "an empty file" if not content else "no .tflite file: it does not bear the mark TFL3"
        raise ModelError(f"it is {found}; give a model converted for TFLite, or fetch the file again")
    try:
        model = verify(content, MODEL_SCHEMA, "Model", IDENTIFIER)
        _check(model)
        return _facts(model)
    except DamagedError as error:
        raise ModelError(f"the file is damaged ({error}): fetch or convert it again") from error


def _check(model: Table) -> None:
    """Check the indices and sizes that runtimes trust."""
    buffers, codes = model.tables(4), model.tables(1)
    sizes = [buffer.size(0) for buffer in buffers]
    external = {i for i, buffer in enumerate(buffers) if buffer.number(1, "Q") > 1}
    if not model.tables(2):
        raise DamagedError("it holds no graph")
    for buffer in buffers:
        if buffer.number(1, "Q") > 1 and buffer.number(1, "Q") + buffer.number(2, "Q") > len(model.buffer):
            raise DamagedError("a weight lies beyond the end of the file: it is truncated")
    for graph in model.tables(2):
        tensors = graph.tables(0)
        for tensor in tensors:
            _check_tensor(tensor, sizes, external)
        for indices in (graph.integers(1), graph.integers(2)):
            _check_indices(indices, len(tensors), 0)
        for operator in graph.tables(3):
            if operator.number(0, "I") >= len(codes):
                raise DamagedError("an operation is of a kind that the file does not list")
            _check_indices(operator.integers(1), len(tensors), -1)
            _check_indices(operator.integers(2), len(tensors), 0)
            _check_indices(operator.integers(8), len(tensors), -1)
            _check_scales(
                _kind(codes, operator),
                [_scales(tensors[i]) for i in operator.integers(1) if i >= 0],
                [_scales(tensors[i]) for i in operator.integers(2)],
            )


def _check_indices(indices: tuple[int, ...], count: int, least: int) -> None:
    if any(not least <= index < count for index in indices):
        raise DamagedError("an operation names a tensor that is not there")


def _check_tensor(tensor: Table, sizes: list[int], external: set[int]) -> None:
    index = tensor.number(2, "I")
    if index >= max(1, len(sizes)):
        raise DamagedError("a tensor names a weight that is not there")
    elements = 1
    for side in tensor.integers(0):
        if side < 0:
            raise DamagedError(f"a tensor has a side of {side}")
        elements *= side
        if elements > _ELEMENTS_LIMIT:
            raise DamagedError("a tensor is larger than any memory")
    width = BYTES.get(tensor.number(1, "b"))
    quantization, limits = tensor.table(4), _ZERO_POINTS.get(tensor.number(1, "b"))
    zero_points = quantization.integers(3, "q") if quantization is not None else ()
    if limits is not None and zero_points and not limits[0] <= min(zero_points) <= max(zero_points) <= limits[1]:
        raise DamagedError("a zero point lies outside the range of its tensor")
    stored = sizes[index] if index else 0
    if stored and width and tensor.table(6) is None and index not in external and stored != elements * width:
        raise DamagedError(f"a weight of {elements * width} bytes is stored in {stored}")


def _scales(tensor: Table) -> tuple[float, ...]:
    """Return the scales of a tensor's quantization, none when it is not quantized."""
    quantization = tensor.table(4)
    if quantization is None:
        return ()
    scales = quantization.numbers(2, "f")
    if not all(map(math.isfinite, scales)) or (not scales and quantization.integers(3, "q")):
        raise DamagedError("a tensor has no finite scale of quantization")
    return scales


def _check_scales(kind: int, inputs: list[tuple[float, ...]], outputs: list[tuple[float, ...]]) -> None:
    """Check the ratios of scales by which an operation multiplies.

    The kernels of sums end the process over ratios from 2**20 on. XNNPACK takes ratios below 256 of input times weight
    to output, and corrupts memory when it refuses one after it has begun.
    """
    if len(inputs) < 2 or not inputs[0] or not inputs[1] or not outputs or not outputs[0]:
        return
    if kind in _SUMS:
        highest, limit = max(inputs[0][0], inputs[1][0]), _SUM_RATIO_LIMIT
    elif kind in _WEIGHTED:
        highest, limit = inputs[0][0] * max(inputs[1]), _WEIGHTED_RATIO_LIMIT
    else:
        return
    if highest >= limit * outputs[0][0]:
        raise DamagedError("scales of quantization do not fit each other")


def _kind(codes: list[Table], operator: Table) -> int:
    code = codes[operator.number(0, "I")]
    return max(code.number(0, "b"), code.number(3, "i"))


def _facts(model: Table) -> Facts:
    graph, codes, buffers = model.tables(2)[0], model.tables(1), model.tables(4)
    operators, outputs = graph.tables(3), graph.integers(2)
    makers = {index: operator for operator in operators for index in operator.integers(2)}
    softmax = frozenset(i for i, index in enumerate(outputs) if _fed_by_softmax(index, makers, codes))
    metadata = b""
    for entry in model.tables(6):
        if entry.text(0) == "TFLITE_METADATA" and entry.number(1, "I") < len(buffers):
            metadata = buffers[entry.number(1, "I")].data(0)
    return Facts(softmax, _postprocess(graph, codes), metadata)


def _fed_by_softmax(index: int, makers: dict[int, Table], codes: list[Table]) -> bool:
    for _ in range(8):
        operator = makers.get(index)
        if operator is None:
            return False
        kind = _kind(codes, operator)
        inputs = operator.integers(1)
        if kind == _SOFTMAX:
            return True
        if kind not in _PASSING or not inputs:
            return False
        index = inputs[0]
    return False


def _find_postprocess(graph: Table, codes: list[Table]) -> Table | None:
    for operator in graph.tables(3):
        if _kind(codes, operator) == _CUSTOM and codes[operator.number(0, "I")].text(1) == _POSTPROCESS:
            return operator
    return None


def _postprocess(graph: Table, codes: list[Table]) -> PostProcess | None:
    operator = _find_postprocess(graph, codes)
    outputs = graph.integers(2)
    if operator is None or len(operator.integers(2)) != 4 or not set(operator.integers(2)) <= set(outputs):
        return None
    boxes, classes, scores, count = (outputs.index(index) for index in operator.integers(2))
    return PostProcess(boxes, classes, scores, count, _known_classes(operator.data(5)))


def _known_classes(options: bytes) -> int | None:
    # The options are a flexbuffer whose reader checks nothing, so that a damaged one may raise any of these.
    try:
        known = flexbuffers.Loads(options)["num_classes"]
    except (ValueError, LookupError, TypeError, ArithmeticError, AssertionError, RecursionError, struct.error):
        return None
    return known if isinstance(known, int) and 0 < known < 100_000 else None
