"""From a model's file, its metadata, its card and what a user says to what all interpreters of it share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeai.errors import ModelError
from edgeai.perception.card import Card, read_card
from edgeai.perception.decoding import Decoder, Signature, choose_decoder, could_be
from edgeai.perception.facts import parse_model, read_content
from edgeai.perception.metadata import read_metadata
from edgeai.perception.options import ModelOptions, Numerics
from edgeai.perception.preprocess import InputSettings
from edgeai.perception.resolve import Said
from edgeai.perception.runtimes import Runtime, Session, open_session
from edgeai.perception.state import state_pairs
from edgeai.perception.tensor import TensorInfo
from edgeai.perception.window import Normalisation

__all__ = ["Blueprint", "blueprint_of"]

_IMAGE_DTYPES = (np.uint8, np.int8, np.int16, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """What all interpreters of one model share: the bytes of the file above all."""

    path: Path
    content: bytes
    sha256: str
    card: Card | None
    runtime: Runtime
    numerics: Numerics
    input_position: int
    input_settings: InputSettings | None
    task: str
    decoder_name: str
    decoder: Decoder
    decoded: tuple[int, ...]
    """Positions of the outputs that the decoder reads: all but the state."""
    state: tuple[tuple[int, int], ...]
    normalisation: Normalisation | None


def blueprint_of(path: Path, options: ModelOptions, threads: int) -> tuple[Blueprint, Session]:
    """Read a file and open a first session, from whose tensors the rest is found out. Raises ModelError."""
    if threads < 1:
        raise ModelError(f"threads is {threads}: say 1 or more")
    content = read_content(path)
    facts = parse_model(content)
    sha256 = hashlib.sha256(content).hexdigest()
    card = _card_of(path, sha256)
    metadata = read_metadata(content, facts.metadata)
    runtime, session = open_session(content, threads, options)
    state = state_pairs(card.state, session.inputs, session.outputs) if card is not None and card.state else ()
    position, image = _image_input(session.inputs, {given for _, given in state})
    signature = Signature(session.inputs, session.outputs, image, facts.softmax, facts.postprocess, path)
    if state:
        signature = signature.without(state)
    if metadata.task is not None and not could_be(signature, metadata.task):
        metadata = replace(metadata, task=None)
    if session.inputs[position].dtype == np.uint8:
        # The readers of TFLite metadata apply its normalisation to other inputs only, and hand pixels to uint8.
        metadata = replace(metadata, mean=None, std=None)
    said = Said(options, metadata, card, path)
    window = card.window if card is not None and image is None else None
    name, kind = choose_decoder(signature, *said.meaning())
    decoder = kind(signature, said.decoder_settings())
    blueprint = Blueprint(
        path=path,
        content=content,
        sha256=sha256,
        card=card,
        runtime=runtime,
        numerics=options.numerics,
        input_position=position,
        input_settings=None if image is None else said.input_settings(),
        task=said.meaning()[1] or kind.task,
        decoder_name=name,
        decoder=decoder,
        decoded=tuple(i for i in range(len(session.outputs)) if i not in {made for made, _ in state}),
        state=state,
        normalisation=None if window is None else Normalisation(window, session.inputs[position]),
    )
    return blueprint, session


def _card_of(path: Path, sha256: str) -> Card | None:
    """Return the card beside a file, if there is one. Raises ModelError for a card of another file."""
    card = read_card(path)
    if card is not None and card.sha256 is not None and card.sha256.lower() != sha256:
        raise ModelError(
            f"its card is of another file (sha256 {card.sha256[:12]}..., the file's is {sha256[:12]}...): fetch "
            "the model again, or make its card anew"
        )
    return card


def _image_input(inputs: tuple[TensorInfo, ...], state: set[int]) -> tuple[int, tuple[int, int] | None]:
    """Return the position of the input for pictures and their (width, height); else the first input and None.

    Inputs for the state are neither.
    """
    free = [position for position in range(len(inputs)) if position not in state]
    for position in free:
        info = inputs[position]
        if len(info.shape) == 4 and info.shape[0] == 1 and info.shape[3] in {1, 3} and info.dtype in _IMAGE_DTYPES:
            return position, (info.shape[2], info.shape[1])
    if not free:
        raise ModelError("it has no input: give a model that takes a picture or an array")
    return free[0], None
