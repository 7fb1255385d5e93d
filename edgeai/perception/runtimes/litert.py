"""ai-edge-litert, the default runtime."""

from __future__ import annotations

from edgeai.errors import ModelError
from edgeai.perception.options import Numerics
from edgeai.perception.runtimes import Session
from edgeai.perception.runtimes.accelerators import Delegate
from edgeai.perception.runtimes.interpreter import InterpreterSession

__all__ = ["Litert"]


class Litert:
    """Runs models with ai-edge-litert."""

    def __init__(self, delegate: Delegate | None = None) -> None:
        self._delegate = delegate
        self.name = "litert" if delegate is None else f"litert+{delegate.name}"

    def open(self, content: bytes, threads: int, numerics: Numerics, rows: int = 1) -> Session:
        """Make a model ready. Raises ModelError; DeviceNotFound for a delegate that is not here."""
        try:
            from ai_edge_litert import interpreter
        except ImportError as error:
            raise ModelError(
                f"the runtime litert cannot be imported ({error}): install it with `pip install ai-edge-litert`"
            ) from error
        return InterpreterSession(interpreter, content, threads, numerics, self._delegate, rows)
