"""What a user may say of a model. Everything has a default in the model's file, its card, or here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from edgeai.messages import Colour, Column
from edgeai.perception.geometry import Resize

__all__ = [
    "Accelerator",
    "DelegateOptions",
    "Interpolation",
    "ModelOptions",
    "Numerics",
    "PerChannel",
    "RuntimeName",
    "SsdOptions",
    "WindowOptions",
    "YoloOptions",
]

Interpolation = Literal["linear", "area", "nearest"]
Numerics = Literal["default", "reference"]
RuntimeName = Literal["auto", "litert", "tflite_runtime"]
AcceleratorName = Literal["edgetpu", "gpu", "npu"]
PerChannel = float | tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class DelegateOptions:
    """An external delegate of TensorFlow Lite: the path of its library, and options, which it gets as text."""

    delegate: str
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


Accelerator = AcceleratorName | DelegateOptions


@dataclass(frozen=True, kw_only=True)
class SsdOptions:
    """How the raw heads of an SSD are read; the defaults are those of the TensorFlow Object Detection API.

    anchors: a .npy file (n, 4) of y, x, height, width in 0..1; without it they are generated for feature maps of
    `strides` with scales from `min_scale` to `max_scale` and `aspect_ratios`, three boxes in the lowest layer.
    scores: what the heads give: `sigmoid` and `softmax` want that function applied, `probability` is final.
    background: class 0 is the background. scales: divisors of y, x, height, width encodings.
    nms: `per-class` lets boxes of different classes overlap; `agnostic` does not. iou: overlap above which the
    weaker box goes. max_detections: how many are kept at most.
    """

    anchors: str | None = None
    strides: tuple[int, ...] = (16, 32, 64, 128, 256, 512)
    min_scale: float = 0.2
    max_scale: float = 0.95
    aspect_ratios: tuple[float, ...] = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)
    scores: Literal["sigmoid", "softmax", "probability"] = "sigmoid"
    background: bool = True
    scales: tuple[float, float, float, float] = (10.0, 10.0, 5.0, 5.0)
    nms: Literal["per-class", "agnostic"] = "per-class"
    iou: float = 0.6
    max_detections: int = 100
    anchor_scale: float = 3.0

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class YoloOptions:
    """How the head of a YOLO is read.

    boxes: `unit` when the head gives centres and sizes in 0..1 of the input, as Ultralytics' TFLite files do; `pixel`
    when in pixels of the input. nms: `per-class` lets boxes of different classes overlap; `agnostic` does not. iou:
    overlap above which the weaker box goes. max_detections: how many are kept at most.
    """

    boxes: Literal["unit", "pixel"] = "unit"
    nms: Literal["per-class", "agnostic"] = "per-class"
    iou: float = 0.7
    max_detections: int = 300

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class WindowOptions:
    """How readings of a sensor become a model's input: one window of consecutive readings, oldest first.

    columns: names of the sensor's columns in the model's order; the input's size divided by their number is the length
    of a window. hop: readings from one window to the next, a whole window unless said. mean, std: real value =
    (reading - mean) / std, one number or one for each column.
    """

    columns: tuple[str, ...]
    hop: int | None = None
    mean: float | tuple[float, ...] = 0.0
    std: float | tuple[float, ...] = 1.0

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """What a user says of a model. None means "not said".

    Each fact is taken from the first of: these options, the model file itself (its TFLite metadata, its packed label
    file), the card beside it, and, where that is safe, a default. An option given on purpose wins because it is the
    one way to mend a file whose metadata is wrong.

    task, decoder: what the outputs mean; `decoder` is a plug-in's name. labels: a text file or the names themselves.
    mean, std: real value = (pixel - mean) / std, one number or one for each channel in the model's colour order. What
    TFLite metadata says of them is not for uint8 inputs: those take the pixels themselves, unless options or card say
    otherwise.
    colour: what the model was trained on, `rgb` unless said. resize: `stretch` unless said. crop_fraction: for
    centre-crop, 0.875 unless said. pad: pixel value of a letterbox's bars, 0 unless said. interpolation: `linear`
    unless said, because it gives identical bytes on x86-64 and ARM and is the quickest; `area` is better when a
    picture shrinks a lot.
    score: detections below it are dropped, 0.5 unless said; of a single score it is what is enough. top: classes kept,
    5 unless said. outputs: names, or names with units, of regressed values. ssd: how raw SSD heads are read.
    numerics: `reference` gives the same bits on every machine, at some sixty times the cost. runtime: `auto` takes
    ai-edge-litert, and tflite-runtime where that alone is installed. accelerator: what runs the model, the CPU unless
    said; fallback: `cpu` lets the CPU run it where the accelerator is missing or refuses the model.
    """

    task: str | None = None
    decoder: str | None = None
    labels: str | Path | tuple[str, ...] | None = None
    mean: PerChannel | None = None
    std: PerChannel | None = None
    colour: Colour | None = None
    resize: Resize | None = None
    interpolation: Interpolation | None = None
    crop_fraction: float | None = None
    pad: int | None = None
    score: float | None = None
    top: int | None = None
    outputs: tuple[str | Column, ...] | None = None
    ssd: SsdOptions | None = None
    numerics: Numerics = "default"
    runtime: RuntimeName = "auto"
    accelerator: Accelerator | None = None
    fallback: Literal["cpu"] | None = None

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}
