"""Accelerators: which libraries drive them, whether they are here, and what is missing.

    edgetpu     Coral's Edge TPU, by libedgetpu as a delegate; the model is to be compiled for it (edgetpu_compiler)
    gpu, npu    by LiteRT's CompiledModel API: WebGPU or OpenCL; the vendor's dispatch library
    delegate    any external delegate of TensorFlow Lite: a library with tflite_plugin_create_delegate

What a delegate does not take, the interpreter runs on the CPU beside it. No Edge TPU, GPU or NPU has run a model
through this code yet: tried out are delegates compiled by the tests, CompiledModel on the CPU, and all of them missing.
"""

from __future__ import annotations

import ctypes
import grp
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeai.errors import DeviceNotFound, ModelError
from edgeai.messages import Device
from edgeai.perception.options import DelegateOptions

__all__ = ["EDGETPU", "Delegate", "delegate_of", "devices"]

EDGETPU = "libedgetpu.so.1"
_EDGETPU_USB = {("1a6e", "089a"), ("18d1", "9302")}
"""Vendor and product of a USB Accelerator before and after its firmware is loaded. Source: Coral's udev rules."""
_INSTALL_EDGETPU = "install libedgetpu1-std (see coral.ai/software), or a build of libedgetpu for this system"
_SYMBOLS = ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate")


@dataclass(frozen=True, slots=True)
class Delegate:
    """A library that takes over operations. name: what messages call it; options: strings it is given."""

    name: str
    library: str
    options: Mapping[str, str] = field(default_factory=dict)
    install: str = "correct the path of `delegate`"

    def load(self, vendor: Any) -> Any:
        """Load it for one interpreter of a vendor's module.

        Raises DeviceNotFound when the library, or the device it drives, is not there; ModelError when it is none.
        """
        self._probe()
        try:
            return vendor.load_delegate(self.library, dict(self.options))
        except (ValueError, OSError, RuntimeError) as error:
            reason = " ".join(str(error).split()).removeprefix(f"Failed to load delegate from {self.library}").strip()
            raise DeviceNotFound(
                f"{self.name} cannot be used: {self.library} finds no device it can open"
                f"{f' ({reason})' if reason else ''}: plug it in, look at its options and permissions, or say "
                "`fallback: cpu`"
            ) from error

    def _probe(self) -> None:
        """Look whether the library is a delegate, before the vendor's loader trips over it."""
        try:
            library = ctypes.CDLL(self.library)
        except (OSError, ValueError) as error:
            raise DeviceNotFound(
                f"{self.name} cannot be used: {self.library} cannot be loaded ({error}): {self.install}, or say "
                "`fallback: cpu`"
            ) from error
        for symbol in _SYMBOLS:
            if not hasattr(library, symbol):
                raise ModelError(
                    f"{self.library} is no delegate, it has no {symbol}: give the path of an external delegate of "
                    "TensorFlow Lite"
                )


def delegate_of(accelerator: str | DelegateOptions) -> Delegate | None:
    """Return the delegate that stands for an accelerator, None for those that have another way (gpu, npu)."""
    if isinstance(accelerator, DelegateOptions):
        options = {key: str(value) for key, value in accelerator.options.items()}
        path = os.path.expanduser(str(accelerator.delegate))
        return Delegate(Path(path).name, path, options)
    if accelerator == "edgetpu":
        return Delegate("edgetpu", EDGETPU, {}, _INSTALL_EDGETPU)
    return None


# -- what is here --------------------------------------------------------------------------------------------------


def devices(root: str = "/") -> list[Device]:
    """List the accelerators of this machine, and for the rest what is missing; `root` stands for `/`."""
    return [*_edgetpus(Path(root)), _gpu(Path(root)), _npu()]


def _edgetpus(root: Path) -> list[Device]:
    nodes = [(node, "PCIe") for node in sorted((root / "dev").glob("apex_[0-9]*"))]
    nodes += [(node, "USB") for node in _usb_nodes(root)]
    if not nodes:
        return [Device("edgetpu", "edgetpu", "Coral Edge TPU", missing="none is plugged in")]
    library = "" if _loads(EDGETPU) else _INSTALL_EDGETPU
    return [
        Device("edgetpu", "edgetpu", f"Coral Edge TPU, {bus}, {node}", library or _denied(node)) for node, bus in nodes
    ]


def _usb_nodes(root: Path) -> list[Path]:
    nodes = []
    for device in sorted((root / "sys/bus/usb/devices").glob("*")):
        if (_text(device / "idVendor"), _text(device / "idProduct")) in _EDGETPU_USB:
            numbers = [int(_text(device / name) or 0) for name in ("busnum", "devnum")]
            nodes.append(root / "dev/bus/usb" / "/".join(f"{number:03d}" for number in numbers))
    return nodes


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def _denied(node: Path) -> str:
    if os.access(node, os.R_OK | os.W_OK):
        return ""
    try:
        group = grp.getgrgid(node.stat().st_gid).gr_name
    except (OSError, KeyError):
        group = "plugdev"
    return f"no permission for {node}: join its group (sudo usermod -aG {group} $USER) and log in again"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _gpu(root: Path) -> Device:
    nodes = sorted((root / "dev/dri").glob("renderD*"))
    if not _has_compiled_model():
        return Device("gpu", "gpu", "LiteRT GPU", "pip install 'ai-edge-litert>=2.0' has the CompiledModel API")
    if not nodes:
        return Device("gpu", "gpu", "LiteRT GPU", "no GPU is here that Linux can render with (/dev/dri/renderD*)")
    return Device("gpu", "gpu", f"LiteRT GPU, {nodes[0]}", _denied(nodes[0]))


def _npu() -> Device:
    if not _has_compiled_model():
        return Device("npu", "npu", "LiteRT NPU", "pip install 'ai-edge-litert>=2.0' has the CompiledModel API")
    from edgeai.perception.runtimes.compiled import vendors

    named = ", ".join(vendors()) or "any vendor"
    return Device(
        "npu", "npu", "LiteRT NPU", f"not known before a model is loaded: it takes the vendor's SDK ({named})"
    )


def _has_compiled_model() -> bool:
    import importlib.util

    return bool(importlib.util.find_spec("ai_edge_litert")) and bool(
        importlib.util.find_spec("ai_edge_litert.compiled_model")
    )
