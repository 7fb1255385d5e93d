"""The outputs as they are, for models whose family no other decoder knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.messages import Tensors as RawTensors
from edgeai.perception.decoding import Decoder, Settings, Signature, require_finite
from edgeai.perception.geometry import View

__all__ = ["Tensors"]


class Tensors(Decoder):
    """Gives the outputs by name, dequantized to float32 where they were quantized."""

    task = "tensors"

    @classmethod
    def claims(cls, signature: Signature) -> bool:
        """Claim nothing: raw tensors are what is given when no other decoder claims a model."""
        return False

    def __init__(self, signature: Signature, settings: Settings) -> None:
        names = [info.name for info in signature.outputs]
        self._outputs = [
            (name if names.count(name) == 1 else f"{name}:{i}", info)
            for i, (name, info) in enumerate(zip(names, signature.outputs, strict=True))
        ]

    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> RawTensors:
        """Return Tensors. Raises ModelError for NaN and infinity."""
        values = {}
        for (name, info), tensor in zip(self._outputs, tensors, strict=True):
            values[name] = info.dequantize(tensor)
            if np.issubdtype(info.dtype, np.floating):
                require_finite(tensor, f"values of {name!r}")
        return RawTensors(values)
