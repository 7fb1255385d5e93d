"""Who is believed: options, then the model file itself, then its card, then a default (see ModelOptions)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from edgeai.errors import ModelError
from edgeai.messages import Column
from edgeai.perception.card import Card
from edgeai.perception.decoding import Settings
from edgeai.perception.labels import Labels, read_labels
from edgeai.perception.metadata import Metadata
from edgeai.perception.options import ModelOptions
from edgeai.perception.preprocess import InputSettings

__all__ = ["Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that was said of the model at `path`, by whom."""

    options: ModelOptions
    metadata: Metadata
    card: Card | None
    path: Path

    def meaning(self) -> tuple[str | None, str | None]:
        """Return (decoder, task) of the first who says either, so that a task does not meet another's decoder."""
        options, metadata, card = self.options, self.metadata, self.card
        if options.decoder is not None or options.task is not None:
            return options.decoder, options.task
        if metadata.task is not None:
            # Metadata knows the task and never the decoder, of which a card of the same task may speak.
            agrees = card is not None and card.task in {None, metadata.task}
            return card.decoder if card is not None and agrees else None, metadata.task
        return (None, None) if card is None else (card.decoder, card.task)

    def input_settings(self) -> InputSettings:
        """Return how pictures become input. Raises ModelError for values out of range."""
        settings = InputSettings(**_merge(InputSettings, self.options, self.metadata, self.card and self.card.input))
        if not 0 < settings.crop_fraction <= 1:
            raise ModelError(f"`crop_fraction` is {settings.crop_fraction}: say a number above 0, at most 1")
        if not 0 <= settings.pad <= 255:
            raise ModelError(f"`pad` is {settings.pad}: say the value of a pixel, 0 to 255")
        if self.options.numerics == "reference" and settings.interpolation == "area":
            raise ModelError(
                "`interpolation: area` differs between machines: say linear or nearest with `numerics: reference`"
            )
        return settings

    def decoder_settings(self) -> Settings:
        """Return what the decoder is told. Raises ModelError when a label file cannot be read."""
        said = _merge(Settings, self.options, self.card)
        return Settings(**{**said, "labels": self._labels(), "columns": self._columns()})

    def _columns(self) -> tuple[Column, ...] | None:
        if self.options.outputs is not None:
            return tuple(Column(output) if isinstance(output, str) else output for output in self.options.outputs)
        if self.card is not None and self.card.outputs is not None:
            return tuple(Column(output.name, output.unit) for output in self.card.outputs)
        return None

    def _labels(self) -> Labels | None:
        if self.options.labels is not None:
            return read_labels(self.options.labels, "the option `labels`")
        if self.metadata.labels is not None:
            return self.metadata.labels
        if self.metadata.missing:
            raise ModelError(
                f"its label file {self.metadata.missing} should be packed in it and is not there, so that the file is "
                "truncated or damaged: fetch it again, or say `labels: <file>`"
            )
        if self.card is not None and self.card.labels is not None:
            return read_labels(self.card.labels, f"the card {self.path.with_suffix('.yaml')}", self.path.parent)
        return None


def _merge(kind: type[Any], *sayers: Any) -> dict[str, Any]:
    """Return for each field of `kind` what the first sayer says that has such a field and says it."""
    merged: dict[str, Any] = {}
    for field in fields(kind):
        values = (getattr(sayer, field.name, None) for sayer in sayers)
        said = next((value for value in values if value is not None), None)
        if said is not None:
            merged[field.name] = said
    return merged
