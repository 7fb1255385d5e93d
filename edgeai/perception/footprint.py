"""What a model takes in memory: an estimate from its file, and what the system says.

    bytes = file + interpreters (weights + arena)

The file is shared. Each interpreter keeps its weights once more, packed for its kernels, and an arena: room for all
tensors that are alive at a time, at the worst operation. That is the least: the interpreter's tables and its kernels'
scratch come on top. Of five MobileNets, ai-edge-litert took 1.3 to 1.7 times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeai.perception.facts import BYTES, IDENTIFIER, parse_model, read_content
from edgeai.perception.flatfile import MODEL_SCHEMA, Table, verify

__all__ = ["anonymous_memory", "arena", "file_footprint", "footprint", "peak"]

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
    steps = [(op.integers(1), [i for i in (*op.integers(2), *op.integers(8)) if i >= 0]) for op in graph.tables(3)]
    return peak(sizes, steps, graph.integers(1), graph.integers(2))


def peak(
    sizes: Sequence[int],
    steps: Sequence[tuple[Sequence[int], Sequence[int]]],
    inputs: Sequence[int],
    outputs: Sequence[int],
) -> int:
    """Return the most bytes that live tensors have at one step, each from its making to its last use.

    sizes: bytes of each tensor, 0 for a constant; steps: (inputs, outputs) of each operation, in the order of running,
    where an input of -1 is none.
    """
    born = dict.fromkeys(inputs, 0)
    dies = dict.fromkeys(outputs, len(steps))
    for at, (takes, makes) in enumerate(steps):
        for i in makes:
            born.setdefault(i, at)
            dies.setdefault(i, at)
        for i in takes:
            if i >= 0:
                born.setdefault(i, 0)
                dies[i] = max(dies.get(i, at), at)
    changes = [0] * (len(steps) + 2)
    for i, start in born.items():
        changes[start] += sizes[i]
        changes[dies.get(i, start) + 1] -= sizes[i]
    most = here = 0
    for change in changes:
        here += change
        most = max(most, here)
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
