"""Cameras: pictures checked, cropped, turned and made into frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from edgeai.clock import Clock
from edgeai.driver.base import DriverOptions
from edgeai.driver.source import Source
from edgeai.errors import ConfigError, DeviceError, Problem
from edgeai.messages import Frame, Intrinsics

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Camera", "CameraOptions"]


@dataclass(frozen=True, kw_only=True)
class CameraOptions(DriverOptions):
    """What every camera takes.

    rotate: degrees clockwise. flip: `horizontal`, `vertical` or `both`. crop: x, y, width, height in pixels of the
    device's picture. Applied in the order crop, rotate, flip. intrinsics: fx, fy, cx, cy and distortion, of the
    delivered frame.
    """

    rotate: Literal[0, 90, 180, 270] = 0
    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    crop: tuple[int, int, int, int] | None = None
    intrinsics: Intrinsics | None = None


_TURNS = {90: "ROTATE_90_CLOCKWISE", 180: "ROTATE_180", 270: "ROTATE_90_COUNTERCLOCKWISE"}
_FLIPS = {"horizontal": 1, "vertical": 0, "both": -1}


class Camera(Source[Frame]):
    """A source of frames. `_read` returns BGR uint8 (height, width, 3), or (height, width) when gray.

    The pictures of its frames are contiguous and can only be read.
    """

    Options: ClassVar[type[DriverOptions]] = CameraOptions
    colour: Literal["bgr", "rgb", "gray"] = "bgr"
    varying: ClassVar[bool] = False
    """True when each picture may have a size of its own."""

    _shape: tuple[int, ...] | None = None

    def __init__(self, name: str, options: Any) -> None:
        """Keep name and options; touch no device."""
        super().__init__(name, options)
        self._turns = options.crop is not None or options.rotate != 0 or options.flip != "none"

    def check(self) -> list[Problem]:
        """Find a crop that lies outside any picture."""
        crop = self.options.crop
        if crop is None or (min(crop[:2]) >= 0 and min(crop[2:]) >= 1):
            return []
        expected = "x, y, width, height in pixels, x and y from 0, width and height from 1"
        return [Problem(f"cameras.{self.name}.crop", f"{list(crop)}", expected)]

    def open(self, clock: Clock) -> None:
        """Open the camera; the size of its first picture is the size it must keep, unless it is `varying`."""
        self._shape = None
        super().open(clock)

    def anew(self) -> Self:
        """Return another driver of the same camera, which has to keep the size of its pictures, too."""
        made = super().anew()
        made._shape = self._shape
        return made

    def _wrap(self, data: Any, seq: int, stamp: int, timing: Any) -> Frame:
        image = self._checked(data)
        if self._turns:
            image = self._oriented(image)
        if not image.flags.c_contiguous:
            image = np.ascontiguousarray(image)
        image.flags.writeable = False
        colour = "gray" if image.ndim == 2 else self.colour
        return Frame(self.name, seq, stamp, image, colour, timing, self.options.intrinsics)

    def _with_bytes(self, message: Frame, encoded: bytes) -> Frame:
        """Attach the JPEG a frame was made of, unless the frame was cropped or turned since."""
        return message if self._turns else super()._with_bytes(message, encoded)

    def _checked(self, image: Any) -> npt.NDArray[np.uint8]:
        if (self._shape is None or self.varying) and isinstance(image, np.ndarray):
            self._shape = self._announced(image)
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != self._shape or not image.size:
            raise DeviceError(
                f"{self.name} announced pictures of shape {self._shape}, uint8, and delivered {_describe(image)}: "
                "fix the size in the camera's options, or the device"
            )
        return image

    def _announced(self, image: npt.NDArray[Any]) -> tuple[int, ...]:
        if image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3):
            return image.shape
        return (*image.shape[:2], 3)

    def _oriented(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        options = self.options
        if options.crop is not None:
            x, y, width, height = options.crop
            if x < 0 or y < 0 or width < 1 or height < 1 or x + width > image.shape[1] or y + height > image.shape[0]:
                raise ConfigError(
                    Problem(
                        f"cameras.{self.name}.crop",
                        f"{list(options.crop)}",
                        f"x, y, width, height inside {image.shape[1]}x{image.shape[0]}",
                    )
                )
            image = image[y : y + height, x : x + width]
        if options.rotate or options.flip != "none":
            import cv2  # ten times faster here than numpy's strided copies

            if options.rotate:
                image = cv2.rotate(image, getattr(cv2, _TURNS[options.rotate]))
            if options.flip != "none":
                image = cv2.flip(image, _FLIPS[options.flip])
        return image


def _describe(data: Any) -> str:
    return f"shape {data.shape}, {data.dtype}" if isinstance(data, np.ndarray) else type(data).__name__
