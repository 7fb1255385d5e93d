"""Names of the operations that a model's graph is made of."""

from __future__ import annotations

import functools

__all__ = ["operation_name"]


@functools.cache
def _names() -> dict[int, str]:
    """Return the built-in operations by number, none where ai-edge-litert, whose schema tells, is not installed."""
    try:
        from ai_edge_litert.schema_py_generated import BuiltinOperator
    except ImportError:
        return {}
    return {number: name for name, number in vars(BuiltinOperator).items() if isinstance(number, int)}


def operation_name(number: int) -> str:
    """Return the name of a built-in operation, such as CONV_2D."""
    return _names().get(number, f"operation {number}")
