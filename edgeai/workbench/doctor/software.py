"""Software: versions, what runs models, what reads cameras, and the extras that are installed."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator
from importlib import metadata

import edgeai
from edgeai.perception.runtimes import installed
from edgeai.workbench.doctor.finding import Finding

__all__ = ["software"]

_LIBRARIES = ("numpy", "opencv-python-headless", "pyserial", "pydantic", "mcap")
_WITH_A_SCREEN = ("opencv-python", "opencv-contrib-python")
_TOPIC = "software"


def software() -> Iterator[Finding]:
    """Look at what is installed in this environment."""
    yield Finding(_TOPIC, "edgeai", "good", f"{edgeai.__version__} on Python {platform.python_version()}")
    yield Finding(_TOPIC, "libraries", "good", ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES))
    yield from _runtimes()
    yield _opencv()
    yield _pi_camera()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not from a package)"


def _runtimes() -> Iterator[Finding]:
    listed = installed()
    if all(runtime.missing for runtime in listed):
        yield Finding(_TOPIC, "runtime", "bad", "nothing here runs models", "pip install ai-edge-litert")
    for runtime in listed:
        if not runtime.missing:
            yield Finding(_TOPIC, "runtime", "good", runtime.description)


def _opencv() -> Finding:
    """A second OpenCV, with windows, takes the place of the first, and needs a library that headless boards lack."""
    try:
        import cv2
    except ImportError as error:
        return Finding(_TOPIC, "opencv", "bad", str(error), "pip install --force-reinstall opencv-python-headless")
    names = [cv2.videoio_registry.getBackendName(backend) for backend in cv2.videoio_registry.getCameraBackends()]
    doubled = [name for name in _WITH_A_SCREEN if _version(name)[0].isdigit()]
    if doubled:
        return Finding(_TOPIC, "opencv", "mind", f"{doubled[0]} is installed, too", f"pip uninstall {doubled[0]}")
    return Finding(_TOPIC, "opencv", "good", f"{cv2.__version__}; reads cameras by {', '.join(names) or 'nothing'}")


def _pi_camera() -> Finding:
    if importlib.util.find_spec("picamera2") is not None:
        return Finding(_TOPIC, "picamera2", "good", _version("picamera2"))
    return Finding(
        _TOPIC, "picamera2", "absent", "not installed; a Pi's own camera needs it: apt install python3-picamera2"
    )
