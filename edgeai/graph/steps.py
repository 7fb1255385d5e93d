"""What a stage does around its model or function: what is joined, gated or cropped before it, tracked behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from edgeai.graph.forms import Names
from edgeai.quantities import Duration, Fraction, Rate

__all__ = ["Crop", "CropSpec", "Gate", "GateSpec", "Sync", "SyncSpec", "Track", "TrackSpec"]

_FROZEN = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class TrackSpec(BaseModel):
    """How detections become tracks."""

    model_config = _FROZEN

    sure: Fraction | None = None
    """Score from which a detection starts a track; left out, the stage's `score`, or 50%."""
    doubtful: Fraction = 0.1
    """Score from which a detection keeps a track alive."""
    memory: Duration = 2.0
    """Time for which a track is remembered without being seen."""
    confirm: Annotated[int, Field(ge=1, strict=True)] = 2
    """Detections after which a track is believed."""


class CropSpec(BaseModel):
    """Which parts of a frame a model looks at: those around the boxes of the stage before it."""

    model_config = _FROZEN

    classes: Names | None = None
    """Labels of the boxes; left out, all."""
    margin: Annotated[Fraction, Field(ge=0)] = 0.1
    """Added on every side, as a part of the box's side (10%)."""
    aspect: Annotated[float, Field(gt=0)] | None = None
    """Width over height that a part is widened to; left out, as the box is."""
    limit: Annotated[int, Field(ge=1, le=64, strict=True)] = 4
    """Parts of one frame at the most, those of the best scores."""


class SyncSpec(BaseModel):
    """How messages of another source or stage are joined with the items of a stage's input, by their stamps."""

    model_config = _FROZEN

    tolerance: Duration
    """How far apart their stamps may lie (20ms)."""
    by: Literal["nearest", "interpolated"] = "nearest"
    """The nearest message, or readings interpolated linearly between the two around."""
    wait: Duration | None = None
    """For so long a better one is waited for; left out, as long as the tolerance."""
    gap: Literal["drop", "without"] = "drop"
    """Where there is none: the item is dropped as `unpaired`, or the function gets None."""


class GateSpec(BaseModel):
    """When a model does not have to look at a frame."""

    model_config = _FROZEN

    threshold: Annotated[Fraction, Field(gt=0)] = 0.05
    """Change of brightness, as a part of the full range, that counts as motion."""
    floor: Rate | None = None
    """The model looks at least so often; left out, the least of the stage's `rate` range, or 1fps."""


def _track(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, Mapping | TrackSpec):
        raise ValueError("true, or a mapping with sure, doubtful, memory and confirm")
    return value


def _crop(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, Mapping | CropSpec):
        raise ValueError("true, or a mapping with classes, margin, aspect and limit")
    return value


def _sync(value: Any) -> Any:
    return value if isinstance(value, Mapping | SyncSpec) else {"tolerance": value}


def _gate(value: Any) -> Any:
    if value == "motion":
        return {}
    if value is not None and not isinstance(value, Mapping | GateSpec):
        raise ValueError("motion, or a mapping with threshold and floor")
    return value


Sync = Annotated[SyncSpec, BeforeValidator(_sync, json_schema_input_type=SyncSpec | Duration)]
Crop = Annotated[CropSpec | None, BeforeValidator(_crop, json_schema_input_type=bool | CropSpec | None)]
Gate = Annotated[GateSpec | None, BeforeValidator(_gate, json_schema_input_type=Literal["motion"] | GateSpec | None)]
Track = Annotated[TrackSpec | None, BeforeValidator(_track, json_schema_input_type=bool | TrackSpec | None)]
