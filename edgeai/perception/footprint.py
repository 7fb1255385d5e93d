"""What a model takes in memory: an estimate from its file, and what the system says.

    bytes = file + interpreters (weights + arena)

The file is shared. Each interpreter keeps its weights once more, packed for its kernels, and an arena: room for all
tensors that are alive at a time, at the worst operation. That is the least: the interpreter's tables and its kernels'
scratch come on top. Of five MobileNets, ai-edge-litert took 1.3 to 1.7 times as much.
"""

from __future__ import annotations

from pathlib import Path

from edgeai.perception.facts import BYTES, IDENTIFIER, parse_model, read_content
from edgeai.perception.flatfile import MODEL_SCHEMA, Table, verify

__all__ = ["anonymous_memory", "arena", "file_footprint", "footprint"]

_STATUS = Path("/proc/self/status")


def footprint(content: bytes, interpreters: int, each: int = 0) -> int:
    """Return the bytes that a model file takes with so many interpreters; `each` is what one was seen to take.

    Raises DamagedError for a file that `parse_model` refuses.
    """
    return len(content) + interpreters * max(each, len(content) + arena(content))


def file_footprint(path: Path, interpreters: int) -> int:
    """Return the bytes a model will take, without opening it. Raises ModelError for a bad file."""
    content = read_content(path)
    parse_model(content)
    return footprint(content, interpreters)


def arena(content: bytes) -> int:
    """Return the bytes of all activations alive at the worst operation of the main graph. Raises DamagedError."""
    model = verify(content, MODEL_SCHEMA, "Model", IDENTIFIER)
    buffers, graph = model.tables(4), model.tables(2)[0]
    sizes = [_activation(tensor, buffers) for tensor in graph.tables(0)]
    operators = graph.tables(3)
    first: dict[int, int] = dict.fromkeys(graph.integers(1), 0)
    last: dict[int, int] = {}
    for step, operator in enumerate(operators):
        for index in (*operator.integers(1), *operator.integers(2), *operator.integers(8)):
            if index >= 0 and sizes[index]:
                first.setdefault(index, step)
                last[index] = step
    for index in graph.integers(2):
        last[index] = len(operators)
    change = [0] * (len(operators) + 2)
    for index, begin in first.items():
        change[begin] += sizes[index]
        change[last.get(index, begin) + 1] -= sizes[index]
    most = alive = 0
    for step in change:
        alive += step
        most = max(most, alive)
    return most


def anonymous_memory() -> int:
    """Return the bytes of memory this process holds that no file backs; 0 where the system does not say."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)


def _activation(tensor: Table, buffers: list[Table]) -> int:
    """Return the bytes of a tensor that is computed, 0 for weights, which the file holds."""
    index = tensor.number(2, "I")
    if index and (buffers[index].size(0) or buffers[index].number(1, "Q") > 1):
        return 0
    elements = 1
    for side in tensor.integers(0):
        elements *= side
    return elements * BYTES.get(tensor.number(1, "b"), 1)
