"""From a frame to the input tensor's memory: crop, resize, colour order, normalisation and quantization.

A pixel has 256 values, so normalisation and quantization together are a table of 256 entries a channel, computed
exactly once. Everything is planned when the first frame of a size comes; a frame then costs two or three calls of cv2
that write where the data must go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Colour
from edgeai.perception.geometry import Resize, View, view_of
from edgeai.perception.options import Interpolation, PerChannel
from edgeai.perception.tensor import TensorInfo

__all__ = ["InputSettings", "Preprocessor", "pixel_table"]

Image = npt.NDArray[Any]
Step = Callable[[Image, Image], object]
"""Takes an image and writes it, changed, into another."""

_INTERPOLATIONS: Final = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "nearest": cv2.INTER_NEAREST}
_CONVERSIONS: Final[dict[tuple[Colour, Colour], int]] = {
    ("bgr", "rgb"): cv2.COLOR_BGR2RGB,
    ("rgb", "bgr"): cv2.COLOR_BGR2RGB,
    ("bgr", "gray"): cv2.COLOR_BGR2GRAY,
    ("rgb", "gray"): cv2.COLOR_RGB2GRAY,
    ("gray", "rgb"): cv2.COLOR_GRAY2BGR,
    ("gray", "bgr"): cv2.COLOR_GRAY2BGR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSettings:
    """How pictures become input, all said: see ModelOptions. mean and std are None when nobody said them."""

    colour: Colour = "rgb"
    resize: Resize = "stretch"
    mean: PerChannel | None = None
    std: PerChannel | None = None
    interpolation: Interpolation = "linear"
    crop_fraction: float = 0.875
    pad: int = 0


def pixel_table(info: TensorInfo, mean: PerChannel | None, std: PerChannel | None, channels: int) -> Image:
    """Return the tensor's value for each pixel value, (256, channels) in the tensor's dtype.

    With a normalisation: quantize((pixel - mean) / std), exactly. Without one:
    - a quantized tensor takes the full range of a pixel to the full range of its dtype (uint8: the pixel itself; int8:
      pixel - 128; int16: 257 pixel - 32768), which is what its scale and zero point were made for;
    - an integer tensor without quantization takes the pixel itself;
    - a float tensor cannot be known: ModelError.
    """
    pixels = np.arange(256, dtype=np.float64)[:, None]
    if mean is not None or std is not None:
        centre, divisor = _each(mean, 0.0, channels, "mean"), _each(std, 1.0, channels, "std")
        if not divisor.all():
            raise ModelError("`std` is 0, by which nothing can be divided: say the standard deviation of the pixels")
        with np.errstate(over="ignore"):
            table = info.quantize((np.repeat(pixels, channels, axis=1) - centre) / divisor)
        if not np.isfinite(table).all():
            raise ModelError(f"`std` is {std}, so small that pixels become infinite: say the deviation of the pixels")
        return table
    if np.issubdtype(info.dtype, np.floating):
        raise ModelError(
            f"its input {info.name!r} is {info.dtype} and nothing says how pixels become numbers: add `mean` and `std` "
            "to its card or options, real value = (pixel - mean) / std (0 and 255 give 0..1, 127.5 twice gives -1..1)"
        )
    limits = np.iinfo(info.dtype)
    if info.quantized and limits.bits <= 16:
        step = (int(limits.max) - int(limits.min)) // 255
        pixels = pixels * step + int(limits.min)
    return np.repeat(pixels.astype(info.dtype), channels, axis=1)


def _each(value: PerChannel | None, default: float, channels: int, what: str) -> npt.NDArray[np.float64]:
    values = np.atleast_1d(np.asarray(default if value is None else value, np.float64))
    if values.shape not in {(1,), (channels,)} or not np.isfinite(values).all():
        raise ModelError(f"`{what}` is {value}: say one number, or one for each of the input's {channels} channels")
    return values


class _Plan:
    """The steps for frames of one shape and colour; the buffers between them are made here, once."""

    def __init__(self, view: View, steps: list[tuple[Step, Image]]) -> None:
        self.view = view
        x, y, width, height = view.crop
        self._crop = None if (width, height) == view.frame else (slice(y, y + height), slice(x, x + width))
        self._between = steps[:-1]
        self._last = steps[-1][0]

    def __call__(self, image: Image, out: Image) -> None:
        if self._crop is not None:
            image = image[self._crop]
        for step, buffer in self._between:
            step(image, buffer)
            image = buffer
        self._last(image, out)


class Preprocessor:
    """Writes frames into the memory of one input tensor, (1, height, width, 1 or 3). Used from one thread at a time."""

    def __init__(self, info: TensorInfo, settings: InputSettings) -> None:
        self._height, self._width, channels = info.shape[1:]
        self._settings = settings
        self._colour: Colour = "gray" if channels == 1 else settings.colour
        if channels == 3 and self._colour == "gray":
            raise ModelError(f"`colour` is gray and the input {info.name!r} has 3 channels: say rgb or bgr")
        table = pixel_table(info, settings.mean, settings.std, channels)
        identity = info.dtype == np.uint8 and bool((table == np.arange(256, dtype=np.uint8)[:, None]).all())
        uniform = bool((table == table[:, :1]).all())
        self._table = None if identity else np.ascontiguousarray(table[None, :, 0] if uniform else table[None])
        self._key: tuple[Any, ...] | None = None
        self._plan: _Plan | None = None

    def __call__(self, image: Image, colour: Colour, take_memory: Callable[[], Image]) -> View:
        """Write `image` into the memory that `take_memory` returns, let it go, and return how the image lies there.

        Raises ModelError for anything but a uint8 picture in `colour`, before the memory is taken.
        """
        key = (image.shape, image.dtype, colour)
        plan = self._plan
        if plan is None or key != self._key:
            plan = self._make_plan(image, colour)
            self._plan, self._key = plan, key
        if not image.flags.c_contiguous:
            image = np.ascontiguousarray(image)
        memory = take_memory()[0]
        plan(image, memory[..., 0] if self._colour == "gray" else memory)
        return plan.view

    def _make_plan(self, image: Image, colour: Colour) -> _Plan:
        _require_picture(image, colour)
        settings = self._settings
        size = (self._width, self._height)
        view = view_of((image.shape[1], image.shape[0]), size, settings.resize, settings.crop_fraction)
        shape: tuple[int, ...] = (self._height, self._width, *image.shape[2:])
        steps: list[tuple[Step, Image]] = []
        barred = view.placed[2:] != size
        if view.crop[2:] != size or barred:
            steps.append((self._resize_step(view), np.full(shape, settings.pad, np.uint8)))
        if colour != self._colour:
            code = _CONVERSIONS[colour, self._colour]
            shape = shape[:2] if self._colour == "gray" else (*shape[:2], 3)
            steps.append((lambda source, out: cv2.cvtColor(source, code, out), np.empty(shape, np.uint8)))
        if self._table is not None:
            table = self._table
            steps.append((lambda source, out: cv2.LUT(source, table, out), np.empty(shape, table.dtype)))
        if not steps or (barred and len(steps) == 1):
            steps.append((lambda source, out: np.copyto(out, source), np.empty(shape, np.uint8)))
        return _Plan(view, steps)

    def _resize_step(self, view: View) -> Step:
        x, y, width, height = view.placed
        size, how = (width, height), _INTERPOLATIONS[self._settings.interpolation]
        if size == view.input:
            return lambda source, out: cv2.resize(source, size, out, 0, 0, how)
        # The bars around the picture were filled when the buffer was made, and nothing writes there.
        return lambda source, out: cv2.resize(source, size, out[y : y + height, x : x + width], 0, 0, how)


def _require_picture(image: Image, colour: Colour) -> None:
    wanted = 2 if colour == "gray" else 3
    if image.dtype != np.uint8 or image.ndim != wanted or (wanted == 3 and image.shape[2] != 3) or 0 in image.shape:
        form = "(height, width)" if colour == "gray" else "(height, width, 3)"
        raise ModelError(
            f"the frame has shape {image.shape}, {image.dtype}, and says it is {colour}: give uint8 {form}"
        )
