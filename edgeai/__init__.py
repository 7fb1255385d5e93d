"""edgeai: cameras and sensors, quantized models, and a power-aware scheduler, for robots.

import edgeai

for result in edgeai.run("v4l2:/dev/video0", model="detector.tflite"):
    print(result.stamp, result.value)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from edgeai.errors import (
    ConfigError,
    DeviceError,
    DeviceLost,
    DeviceNotFound,
    DeviceTimeout,
    EdgeAIError,
    ModelError,
    PluginError,
    RecordingError,
    StaleResult,
)

if TYPE_CHECKING:
    from edgeai.driver.state import DriverState
    from edgeai.graph import Graph
    from edgeai.messages import (
        FAULT,
        FRESH,
        NEVER,
        STALE,
        Classification,
        ClassMap,
        Column,
        Detections,
        Embedding,
        Frame,
        Intrinsics,
        Keypoints,
        Parts,
        Reading,
        Readings,
        Regression,
        Result,
        Score,
        Snapshot,
        Status,
        Tensors,
    )
    from edgeai.one_line import run
    from edgeai.perception.model import Model
    from edgeai.pipeline import Pipeline

__version__ = "0.1.0"

__all__ = [
    "FAULT",
    "FRESH",
    "NEVER",
    "STALE",
    "ClassMap",
    "Classification",
    "Column",
    "ConfigError",
    "Detections",
    "DeviceError",
    "DeviceLost",
    "DeviceNotFound",
    "DeviceTimeout",
    "DriverState",
    "EdgeAIError",
    "Embedding",
    "Frame",
    "Graph",
    "Intrinsics",
    "Keypoints",
    "Model",
    "ModelError",
    "Parts",
    "Pipeline",
    "PluginError",
    "Reading",
    "Readings",
    "RecordingError",
    "Regression",
    "Result",
    "Score",
    "Snapshot",
    "StaleResult",
    "Status",
    "Tensors",
    "run",
]

_HOMES = {
    "DriverState": "edgeai.driver.state",
    "Graph": "edgeai.graph",
    "Model": "edgeai.perception.model",
    "Pipeline": "edgeai.pipeline",
    "run": "edgeai.one_line",
}
"""Where a name comes from that neither stands above nor is one of the messages."""


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: `import edgeai` needs neither numpy, nor cv2, nor a runtime."""
    if name not in __all__:
        raise AttributeError(f"module 'edgeai' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "edgeai.messages")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
