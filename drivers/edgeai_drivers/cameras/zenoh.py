"""Camera `zenoh`: the frames of a camera on another machine, sent by the output of the same name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeai.driver import Camera, CameraOptions, Capture, Device, Duration
from edgeai.errors import Problem
from edgeai_drivers.ports import absent
from edgeai_drivers.split import wire
from edgeai_drivers.split.receiver import Receiver
from edgeai_drivers.split.session import check_place

from ._opencv import decode_of

_DEPTH = 2
"""Frames that wait to be read; older ones are lost, as with any camera."""


@dataclass(frozen=True, kw_only=True)
class ZenohOptions(CameraOptions):
    """Whose frames, and where they come from.

    key: what the sender calls itself. camera: the camera's name there. connect: host:port where the sender listens;
    listen: a port of loopback, or host:port, where it connects. patience: seconds to wait for it when opened.
    """

    key: str = "edgeai"
    camera: str = "front"
    connect: str | int | None = None
    listen: str | int | None = None
    patience: Duration = 10.0


class Zenoh(Camera):
    """Frames with the stamps of the machine that captured them, mapped to this machine's clock.

    Its `timing` holds the sender's stamp, the offset between the clocks as measured by an exchange like NTP's, and by
    how much that may be wrong. Messages that are none, or not of this version, are counted (`rejected`).
    """

    Options = ZenohOptions
    options: ZenohOptions
    _receiver: Receiver | None = None

    @classmethod
    def devices(cls) -> list[Device]:
        """Say whether pipelines can be split."""
        return [Device("zenoh", "zenoh:edgeai", "frames from another machine", absent("zenoh", "zenoh"))]

    def check(self) -> list[Problem]:
        """Require a key and a place."""
        options = self.options
        place = check_place(f"cameras.{self.name}", f"{options.key}/{options.camera}", options.connect, options.listen)
        return super().check() + place

    @property
    def rejected(self) -> int:
        """Messages that could not be read."""
        return 0 if self._receiver is None else self._receiver.rejected

    def _open(self) -> None:
        options = self.options
        self._receiver = Receiver(self.name, self._clock, options.key, f"frames/{options.camera}", _DEPTH)
        self._receiver.open(options.connect, options.listen, options.patience)

    def _read(self, timeout: float) -> Capture | None:
        assert self._receiver is not None
        received = self._receiver.take(timeout)
        if received is None:
            return None
        try:
            image, colour = _picture(received.message), received.message.told.get("colour")
            if colour not in ("bgr", "rgb", "gray") or (colour == "gray") != (image.ndim == 2):
                raise wire.WireError(f"its colours are {colour!r}")
        except wire.WireError:
            self._receiver.reject()
            return None
        self.colour = colour
        encoded = bytes(received.message.picture) if received.message.told.get("stored") == "jpeg" else None
        return Capture(image, received.stamp, "device", received.lost, encoded, received.measured)

    def _close(self) -> None:
        if self._receiver is not None:
            self._receiver.close()


def _picture(message: wire.Message) -> npt.NDArray[np.uint8]:
    """Return the picture of a message. Raises WireError."""
    if message.told.get("stored") == "raw":
        return wire.raw_picture(message)
    shape = wire.shape_of(message.told)
    image = decode_of(bytes(message.picture), shape)
    if image is None:
        raise wire.WireError("its JPEG is damaged, or of another size")
    return image
