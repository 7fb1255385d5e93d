"""Cards written: for a quantized variant, and with an accuracy that was measured."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import yaml

from edgeai.errors import ModelError
from edgeai.perception.card import Card, CardAccuracy, CardInput, CardOutput
from edgeai.perception.model import Model
from edgeai.perception.options import SsdOptions

__all__ = ["variant_card", "with_accuracy", "write_card"]

_INLINE = 32
"""Labels up to here stand in the card, more of them in a file beside it."""


def variant_card(model: Model, content: bytes, recipe: str, made: dict[str, Any]) -> Card:
    """Return the card of a variant: everything that was known of the float model, whoever said it."""
    card = model.card or Card()
    settings = model.input_settings
    return replace(
        card,
        name=f"{model.name}_{recipe}",
        task=None if model.task == "tensors" else model.task,
        decoder=None if model.decoder == "tensors" and model.task != "tensors" else model.decoder,
        input=CardInput() if settings is None else CardInput(**asdict(settings)),
        labels=model.labels,
        outputs=_outputs(model, card),
        ssd=_ssd(card.ssd, model.path.parent),
        accuracy=None,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        made=made,
    )


def _outputs(model: Model, card: Card) -> tuple[CardOutput, ...] | None:
    if card.outputs is not None or model.columns is None:
        return card.outputs
    return tuple(CardOutput(name=column.name, unit=column.unit) for column in model.columns)


def _ssd(ssd: SsdOptions | None, beside: Path) -> SsdOptions | None:
    """Return the options with the file of anchors named so that it is found from anywhere."""
    return ssd if ssd is None or ssd.anchors is None else replace(ssd, anchors=str((beside / ssd.anchors).resolve()))


def write_card(model: Path, card: Card) -> Path:
    """Write the card beside a model and return its path. Raises ModelError where it cannot be written."""
    path = model.with_suffix(".yaml")
    try:
        if isinstance(card.labels, tuple) and len(card.labels) > _INLINE:
            names = path.with_name(f"{path.stem}_labels.txt")
            names.write_text("".join(f"{label}\n" for label in card.labels), "utf-8")
            card = replace(card, labels=names.name)
        document = _plain(asdict(card))
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ModelError(
            f"the card {path} cannot be written ({error.strerror}): choose a folder that can be"
        ) from error
    return path


def with_accuracy(card: Card, metric: str, value: float, dataset: str, *, higher: bool = True) -> Card:
    """Return the card with what was measured, the value rounded beyond any sample's resolution."""
    accuracy = CardAccuracy(
        metric=metric, value=round(value, 5), dataset=dataset, better="higher" if higher else "lower"
    )
    return replace(card, accuracy=accuracy)


def _plain(value: Any) -> Any:
    """Return what a card's form takes, without what was not said."""
    if isinstance(value, dict):
        plain = {key: _plain(item) for key, item in value.items()}
        return {key: item for key, item in plain.items() if item not in (None, "", {}, [])}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
