"""A model's card: a small YAML file beside the model that says what the model's file does not.

name: pilot_small
task: regression
input: {colour: rgb, resize: stretch, mean: 127.5, std: 127.5}     # real value = (pixel - mean) / std
outputs: [{name: steering, unit: "1", min: -1, max: 1}]
accuracy: {metric: mean absolute error, value: 0.03, dataset: 2000 unseen frames}
sha256: 9f2b...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from edgeai.errors import ModelError
from edgeai.messages import Colour
from edgeai.perception.geometry import Resize
from edgeai.perception.options import Interpolation, PerChannel, SsdOptions, WindowOptions, YoloOptions

__all__ = ["Card", "CardAccuracy", "CardInput", "CardOutput", "read_card"]

MAX_BYTES = 64 << 10
_STRICT: Mapping[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class CardInput:
    """How a picture becomes the model's input; the fields are those of ModelOptions."""

    colour: Colour | None = None
    resize: Resize | None = None
    mean: PerChannel | None = None
    std: PerChannel | None = None
    interpolation: Interpolation | None = None
    crop_fraction: float | None = None
    pad: int | None = None

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT


@dataclass(frozen=True, kw_only=True)
class CardOutput:
    """A regressed value: its name, its unit, and the range it was trained in (told, not enforced)."""

    name: str
    unit: str = "1"
    min: float | None = None
    max: float | None = None

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT


@dataclass(frozen=True, kw_only=True)
class CardAccuracy:
    """How good the model is: `value` of `metric` on `dataset`."""

    metric: str
    value: float
    dataset: str = ""
    better: Literal["higher", "lower"] = "higher"

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a card may say. labels: a file beside the card, or the names. made: how, in any form.

    yolo: how the head of a YOLO is read. normalise: bring an embedding to length 1. window: how readings of a sensor
    become the input. state: the outputs that are fed back, {output: input} by their names in the file.
    """

    name: str = ""
    description: str = ""
    task: str | None = None
    decoder: str | None = None
    input: CardInput = field(default_factory=CardInput)
    labels: str | tuple[str, ...] | None = None
    outputs: tuple[CardOutput, ...] | None = None
    score: float | None = None
    top: int | None = None
    ssd: SsdOptions | None = None
    yolo: YoloOptions | None = None
    normalise: bool | None = None
    window: WindowOptions | None = None
    state: Mapping[str, str] | None = None
    accuracy: CardAccuracy | None = None
    licence: str = ""
    origin: str = ""
    sha256: str | None = None
    bytes: int | None = None
    macs: int | None = None
    parameters: int | None = None
    made: Any = None

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT


class PlainLoader(yaml.SafeLoader):
    """The safe loader without aliases, by which a small file could unfold into a huge one."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="a card holds no aliases", problem_mark=None)
        return super().compose_node(parent, index)


def read_card(model: Path) -> Card | None:
    """Read the card beside a model, None when there is none. Raises ModelError that names file and key."""
    path = model.with_suffix(".yaml")
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(f"the card {path} cannot be read ({error.strerror}): correct its permissions") from error
    if len(content) > MAX_BYTES:
        raise ModelError(f"the card {path} is larger than {MAX_BYTES >> 10} KiB: shorten it")
    try:
        document = yaml.load(content, PlainLoader)  # noqa: S506 - it is a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise ModelError(f"the card {path} is not YAML ({text}): correct it") from error
    try:
        return TypeAdapter(Card).validate_python({} if document is None else document)
    except ValidationError as error:
        raise ModelError(f"the card {path} is wrong: {_describe(error)}") from error


def _describe(error: ValidationError) -> str:
    """Say for each key what was found and what was expected."""
    parts = []
    for problem in error.errors(include_url=False)[:5]:
        key = ".".join(str(part) for part in problem["loc"]) or "document"
        if problem["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
            parts.append(f"`{key}` is no key of a card: remove or rename it")
        else:
            found = repr(problem["input"])
            parts.append(f"`{key}` is {found[:60]}: {problem['msg'][0].lower()}{problem['msg'][1:]}")
    return "; ".join(parts)
