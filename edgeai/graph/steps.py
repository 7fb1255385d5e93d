"""What a stage does around its model: tracking behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from edgeai.quantities import Duration, Fraction

__all__ = ["Track", "TrackSpec"]

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


def _track(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, Mapping | TrackSpec):
        raise ValueError("true, or a mapping with sure, doubtful, memory and confirm")
    return value


Track = Annotated[TrackSpec | None, BeforeValidator(_track, json_schema_input_type=bool | TrackSpec | None)]
