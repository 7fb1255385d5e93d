"""What is known of a tensor: name, shape, dtype, and how its integers stand for real values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["TensorInfo", "round_half_away"]


def round_half_away(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round to the nearest integer, halves away from zero, as the runtime's own QUANTIZE operation does."""
    return np.copysign(np.floor(np.abs(values) + 0.5), values)


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor of a model. When quantized, real = (q - zero_point) * scale; `scale` is 0 when it is not."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float = 0.0
    zero_point: int = 0

    @property
    def quantized(self) -> bool:
        """True when integers stand for real values."""
        return self.scale != 0.0

    @property
    def size(self) -> int:
        """Number of elements."""
        size = 1
        for side in self.shape:
            size *= side
        return size

    def dequantize(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return real values, float32; an array that is not quantized is returned as it is."""
        if not self.quantized:
            return array
        real: npt.NDArray[np.float32] = np.subtract(array, self.zero_point, dtype=np.float32)
        real *= np.float32(self.scale)
        return real

    def quantize(self, real: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        """Return clamp(round(real / scale) + zero_point) in the tensor's dtype, computed in float64.

        A tensor that is not quantized gets the values themselves, rounded and clamped when it holds integers.
        """
        if np.issubdtype(self.dtype, np.floating):
            return real.astype(self.dtype)
        if self.quantized:
            real = round_half_away(real / self.scale) + self.zero_point
        limits = np.iinfo(self.dtype)
        quantized: npt.NDArray[Any] = np.clip(round_half_away(real), limits.min, limits.max).astype(self.dtype)
        return quantized
