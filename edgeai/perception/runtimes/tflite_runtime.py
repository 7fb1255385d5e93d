"""tflite-runtime, for boards that have it and not ai-edge-litert. It ends at Python 3.11 and wants numpy < 2."""

from __future__ import annotations

import importlib.util

import numpy as np

from edgeai.errors import ModelError
from edgeai.perception.options import Numerics
from edgeai.perception.runtimes import Session
from edgeai.perception.runtimes.accelerators import Delegate
from edgeai.perception.runtimes.interpreter import InterpreterSession

__all__ = ["TfliteRuntime"]


class TfliteRuntime:
    """Runs models with tflite-runtime."""

    def __init__(self, delegate: Delegate | None = None) -> None:
        self._delegate = delegate
        self.name = "tflite_runtime" if delegate is None else f"tflite_runtime+{delegate.name}"

    def open(self, content: bytes, threads: int, numerics: Numerics, rows: int = 1) -> Session:
        """Make a model ready. Raises ModelError; DeviceNotFound for a delegate that is not here."""
        # Under numpy 2 it can be imported, and then fails with a bare SystemError and a page of advice on stderr.
        if importlib.util.find_spec("tflite_runtime") and int(np.__version__.split(".")[0]) >= 2:
            raise ModelError(
                f"tflite-runtime does not work with numpy {np.__version__}: install numpy < 2 with "
                "`pip install 'edgeai[tflite-runtime]'`, or use ai-edge-litert"
            )
        try:
            from tflite_runtime import interpreter
        except ImportError as error:
            raise ModelError(
                f"the runtime tflite_runtime cannot be imported ({error}): install it with "
                "`pip install 'edgeai[tflite-runtime]'` on Python 3.11, or use ai-edge-litert"
            ) from error
        return InterpreterSession(interpreter, content, threads, numerics, self._delegate, rows)
