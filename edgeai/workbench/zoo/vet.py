"""Whether a model, its card and its labels are sound and belong together, found out without running anything."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import ModelError
from edgeai.perception.card import Card, read_card
from edgeai.perception.facts import parse_model, read_content
from edgeai.perception.labels import read_labels
from edgeai.perception.metadata import read_metadata
from edgeai.zoo import is_name

__all__ = ["Vetted", "vet"]


@dataclass(frozen=True, slots=True)
class Vetted:
    """A model file that may be read; labels: the file its card names, None where it names none."""

    path: Path
    card: Card
    labels: Path | None


def vet(path: Path) -> Vetted:
    """Check a model with what lies beside it: structure, metadata, packed files, card, labels. Raises ModelError."""
    try:
        content = read_content(path)
        read_metadata(content, parse_model(content).metadata)
        card = read_card(path)
        if card is None:
            raise ModelError(f"it has no card: write what it is into {path.with_suffix('.yaml').name} beside it")
        if card.sha256 is not None and card.sha256.lower() != hashlib.sha256(content).hexdigest():
            raise ModelError("its card is of another file: make it anew")
        return Vetted(path, card, _labels(path, card))
    except ModelError as error:
        text = str(error)
        raise ModelError(text if str(path) in text else f"{path}: {text}") from error


def _labels(path: Path, card: Card) -> Path | None:
    if not isinstance(card.labels, str):
        return None
    if not is_name(card.labels):
        raise ModelError(f"its card names the labels {card.labels!r}: only a file beside it may be named")
    read_labels(card.labels, f"the card of {path.name}", path.parent)
    return path.parent / card.labels
