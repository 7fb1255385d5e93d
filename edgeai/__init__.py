"""edgeai: cameras and sensors, quantized models, and a power-aware scheduler, for robots.

import edgeai

for result in edgeai.run("v4l2:/dev/video0", model="detector.tflite"):
    print(result.stamp, result.value)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from edgeai.driver.state import DriverState
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
)
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
    Reading,
    Readings,
    Regression,
    Result,
    Score,
    Snapshot,
    Status,
    Tensors,
)

if TYPE_CHECKING:
    from edgeai.graph import Graph
    from edgeai.perception.model import Model
    from edgeai.pipeline import Pipeline, run

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
    "Pipeline",
    "PluginError",
    "Reading",
    "Readings",
    "RecordingError",
    "Regression",
    "Result",
    "Score",
    "Snapshot",
    "Status",
    "Tensors",
    "run",
]

_LAZY = {
    "Graph": "edgeai.graph",
    "Model": "edgeai.perception.model",
    "Pipeline": "edgeai.pipeline",
    "run": "edgeai.pipeline",
}


def __getattr__(name: str) -> Any:
    """Import the large names when first used: `import edgeai` stays quick and needs neither cv2 nor a runtime."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'edgeai' has no attribute {name!r}")
