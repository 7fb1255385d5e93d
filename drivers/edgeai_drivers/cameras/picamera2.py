"""Camera `picamera2`: a Raspberry Pi camera by libcamera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeai.driver import Camera, CameraOptions, Capture, Device, Rate, Size, vendor
from edgeai.errors import DeviceError, DeviceNotFound, PluginError

_EXTRA = "picamera2"
_BYTES_IN_ORDER_BGR = "RGB888"
"""libcamera names formats after the little-endian word: RGB888 lies in memory as blue, green, red."""


class Picamera2(Camera):
    """A Raspberry Pi camera. Stamps are SensorTimestamp: the start of exposure's readout, on the boottime clock.

    Each frame is waited for, never taken from a queue, so that a slow reader gets no old one.
    """

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """path: the camera's number (0 for the first). size and fps: what the camera is set to."""

        path: str = "0"
        size: Size = (640, 480)
        fps: Rate = 30.0

    options: Options
    _camera: Any = None
    _job: Any = None

    @classmethod
    def devices(cls) -> list[Device]:
        """List the Pi cameras here, or what is missing to use one."""
        try:
            known = vendor("picamera2", _EXTRA).Picamera2.global_camera_info()
        except PluginError as error:
            return [Device("picamera2", "picamera2:0", "Raspberry Pi camera", missing=str(error))]
        found = [Device("picamera2", f"picamera2:{info.get('Num', i)}", info["Model"]) for i, info in enumerate(known)]
        return found or [Device("picamera2", "picamera2:0", missing="no camera is found: check its ribbon cable")]

    def _open(self) -> None:
        picamera2 = vendor("picamera2", _EXTRA).Picamera2
        known = picamera2.global_camera_info()
        number = int(self.options.path) if self.options.path.isdecimal() else -1
        if not 0 <= number < len(known):
            have = f"use a number from 0 to {len(known) - 1}" if known else "check its ribbon cable; none is found now"
            raise DeviceNotFound(f"{self.name}: there is no Pi camera {self.options.path!r}: {have}")
        try:
            self._camera = picamera2(number)
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"format": _BYTES_IN_ORDER_BGR, "size": tuple(self.options.size)},
                    controls={"FrameRate": self.options.fps},
                    queue=False,
                )
            )
            self._camera.start()
        except RuntimeError as error:
            raise DeviceError(
                f"{self.name}: Pi camera {number} cannot be started ({error}): end the program that uses it, or "
                "ask for another size or fps"
            ) from error
        self.rate = self.options.fps

    def _read(self, timeout: float) -> Capture | None:
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._camera.wait(self._job, timeout)
        except TimeoutError:
            return None
        self._job = None
        try:
            return capture_of(request.make_array("main"), request.get_metadata())
        finally:
            request.release()

    def _close(self) -> None:
        camera, self._camera, self._job = self._camera, None, None
        if camera is not None:
            try:
                camera.stop()
            finally:
                camera.close()


def capture_of(image: Any, metadata: dict[str, Any]) -> Capture:
    """Return the capture of a request: its picture, and the sensor's stamp where there is one."""
    stamp = metadata.get("SensorTimestamp")
    return Capture(image) if stamp is None else Capture(image, int(stamp), "boottime")
