"""tflite-runtime, for boards that have it and not ai-edge-litert. It ends at Python 3.11 and wants numpy < 2."""

from __future__ import annotations

import numpy as np

from edgeai.errors import ModelError
from edgeai.perception.options import Numerics
from edgeai.perception.runtimes import Session
from edgeai.perception.runtimes.interpreter import InterpreterSession

__all__ = ["TfliteRuntime"]


class TfliteRuntime:
    """Runs models with tflite-runtime."""

    name = "tflite_runtime"

    def open(self, content: bytes, threads: int, numerics: Numerics) -> Session:
        """Make a model ready. Raises ModelError, also for numpy 2, under which its Interpreter cannot be made."""
        try:
            from tflite_runtime import interpreter

            return InterpreterSession(interpreter, content, threads, numerics)
        except (ImportError, SystemError) as error:
            if int(np.__version__.split(".")[0]) >= 2 and not isinstance(error, ModuleNotFoundError):
                raise ModelError(
                    f"tflite-runtime does not work with numpy {np.__version__}: install numpy < 2 "
                    "(pip install 'edgeai[tflite-runtime]'), or use ai-edge-litert"
                ) from error
            raise ModelError(
                f"the runtime tflite_runtime cannot be imported ({error}): install it with "
                "`pip install 'edgeai[tflite-runtime]'` on Python 3.11, or use ai-edge-litert"
            ) from error
