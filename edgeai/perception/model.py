"""A model: an interpreter of a file, from frame to value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeai.errors import ModelError
from edgeai.messages import Colour, Column, Frame, Reading, Readings
from edgeai.perception.blueprint import Blueprint, blueprint_of
from edgeai.perception.card import Card
from edgeai.perception.geometry import View
from edgeai.perception.options import ModelOptions
from edgeai.perception.preprocess import InputSettings, Preprocessor
from edgeai.perception.runtimes import Session
from edgeai.perception.state import State
from edgeai.perception.tensor import TensorInfo

__all__ = ["Model"]


class Model:
    """A model ready to run on a fixed number of threads. Used from one thread at a time.

    `prepare`, `invoke` and `decode` are the three steps of a job, in this order; calling the model does all three.
    """

    def __init__(self, blueprint: Blueprint, session: Session, threads: int) -> None:
        """Use `Model.load`."""
        self._blueprint = blueprint
        self._session = session
        self.threads = threads
        self.inputs: tuple[TensorInfo, ...] = session.inputs
        self.outputs: tuple[TensorInfo, ...] = session.outputs
        self._position = blueprint.input_position
        self._input = session.inputs[self._position]
        settings = blueprint.input_settings
        self._preprocess = None if settings is None else Preprocessor(self._input, settings)
        self._view: View | None = None
        self._state = State(session, blueprint.state)
        kept = {self._position, *(given for _, given in blueprint.state)}
        self._fresh = [i for i in range(len(self.inputs)) if i not in kept]
        self._decode = blueprint.decoder
        self._given: npt.NDArray[Any] | None = None
        self._take_memory: Callable[[], npt.NDArray[Any]] = lambda: session.input(blueprint.input_position)

    @classmethod
    def load(cls, path: str | Path, options: ModelOptions | None = None, threads: int = 1) -> Model:
        """Load a .tflite file, with what its metadata, its card and `options` say of it (see ModelOptions).

        Raises ModelError, whose sentence names the file, what was found and what to do; DeviceNotFound for an
        accelerator that is not here.
        """
        options = options or ModelOptions()
        path = Path(path).expanduser()
        try:
            return cls(*blueprint_of(path, options, threads), threads)
        except ModelError as error:
            text = str(error)
            raise ModelError(text if str(path) in text else f"{path}: {text}") from error.__cause__ or error

    def with_threads(self, threads: int) -> Model:
        """Return another interpreter of the very same bytes, on another number of threads."""
        return Model(self._blueprint, self.open_session(threads), threads)

    def open_session(self, threads: int, rows: int = 1) -> Session:
        """Open the very same bytes once more, with so many rows. Raises ModelError."""
        blueprint = self._blueprint
        return blueprint.runtime.open(blueprint.content, threads, blueprint.numerics, rows)

    def on(self, session: Session) -> Model:
        """Return this model on another session, whose tensors are the same."""
        return Model(self._blueprint, session, self.threads)

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self._blueprint.path

    @property
    def name(self) -> str:
        """The card's name, else the file's without its ending."""
        card = self._blueprint.card
        return (card.name if card else "") or self.path.stem

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self._blueprint.content

    @property
    def sha256(self) -> str:
        """The hash of the bytes that run, as hexadecimal digits."""
        return self._blueprint.sha256

    @property
    def card(self) -> Card | None:
        """The card beside the file, if there is one."""
        return self._blueprint.card

    @property
    def task(self) -> str:
        """What the model is for, as options, metadata or card call it, else what its decoder serves."""
        return self._blueprint.task

    @property
    def decoder(self) -> str:
        """Name of the decoder."""
        return self._blueprint.decoder_name

    @property
    def labels(self) -> tuple[str, ...] | None:
        """One name for each class, None where there are none."""
        return self._blueprint.decoder.labels

    @property
    def columns(self) -> tuple[Column, ...] | None:
        """Name and unit of each value of a regression, None where there are none."""
        return self._blueprint.decoder.columns

    @property
    def runtime(self) -> str:
        """Name of the runtime."""
        return self._blueprint.runtime.name

    @property
    def input(self) -> TensorInfo:
        """The main input: the picture's or the array's."""
        return self._input

    @property
    def stateful(self) -> bool:
        """True when outputs are fed back, so that a result depends on what came before."""
        return bool(self._state)

    @property
    def says_nothing_alike(self) -> bool:
        """True when it may well say the same of all pictures with nothing in them."""
        return self._decode.says_nothing_alike

    @property
    def window(self) -> tuple[int, int] | None:
        """(length, hop) in readings, where the card says that the model takes windows of a sensor."""
        normalisation = self._blueprint.normalisation
        return None if normalisation is None else (normalisation.length, normalisation.hop)

    @property
    def takes_pictures(self) -> bool:
        """True when the model takes frames; else it takes an array of its input's shape."""
        return self._preprocess is not None

    @property
    def input_settings(self) -> InputSettings | None:
        """How pictures become input, every fact resolved; None when the model takes no pictures."""
        return self._blueprint.input_settings

    def prepared(self) -> tuple[npt.NDArray[Any], ...]:
        """Return copies of the inputs as they were last prepared, before `invoke`."""
        return tuple(np.array(self._session.input(i)) for i in range(len(self.inputs)))

    def prepare(self, frame: Frame) -> None:
        """Write a frame into the model's input. Raises ModelError for one the model cannot take."""
        self._write_picture(frame.image, frame.colour)

    def prepare_readings(self, given: Reading | Readings) -> None:
        """Write what a sensor gave into the model's input: a window where the card speaks of one, else one reading.

        A single reading is taken as it is, its columns in their order. Raises ModelError for what does not fit.
        """
        normalisation = self._blueprint.normalisation
        if normalisation is not None:
            if isinstance(given, Reading):
                raise ModelError(f"{self.name} takes windows of {normalisation.length} readings, not a single one")
            self.prepare_array(normalisation(given))
            return
        values = np.asarray(given.values, np.float64)
        if values.size != self._input.size:
            raise ModelError(
                f"{self.name} takes {self._input.size} numbers and {given.source} has {values.size} columns: say "
                "`window: {columns: [...]}` in the model's card"
            )
        self.prepare_array(values.reshape(self._input.shape))

    def prepare_array(self, values: npt.NDArray[Any]) -> None:
        """Write an array of real values, of the input's shape, into the input of a model that takes no pictures.

        The values are quantized exactly. Raises ModelError for another shape, for NaN and for infinity.
        """
        if self._preprocess is not None:
            raise ModelError(f"{self.name} takes pictures: give a frame, or uint8 (height, width, 3) in BGR order")
        real = np.asarray(values, np.float64)
        if real.shape != self._input.shape:
            raise ModelError(f"{self.name} takes an array of shape {self._input.shape} and was given {real.shape}")
        if not np.isfinite(real).all():
            raise ModelError(f"the array given to {self.name} holds NaN or infinity: look at where it comes from")
        self._view = None
        quantized = self._input.quantize(real)
        self._fill_others()
        self._take_memory()[...] = quantized

    def invoke(self) -> None:
        """Run the model. Raises ModelError."""
        if self._decode.reads_input:
            self._given = self._take_memory().copy()
        self._session.invoke()
        if self._state:
            self._state.keep()

    def reset(self) -> None:
        """Forget the state, as if the model had just been loaded."""
        self._state.reset()

    def found(self) -> list[npt.NDArray[Any]]:
        """Return copies of the outputs of the last `invoke`, as they are; without the state."""
        output = self._session.output
        return [output(i) for i in self._blueprint.decoded]

    def decode(self) -> Any:
        """Return the value of the last `invoke`, boxes in pixels of the frame given to `prepare`.

        One of the values of edgeai.messages. Raises ModelError when an output holds NaN or infinity.
        """
        try:
            tensors = self.found()
            if self._given is not None:
                tensors.append(self._given)
            return self._decode(tensors, self._view)
        except ModelError as error:
            # A state of NaN would never end.
            self.reset()
            raise ModelError(f"{self.name}: {error}") from error.__cause__ or error

    def __call__(self, picture: Frame | npt.NDArray[Any]) -> Any:
        """Prepare, invoke and decode a frame; an array is a picture in BGR order, or gray (height, width).

        For a model that takes no pictures it is an array of real values of its input's shape.
        """
        if isinstance(picture, Frame):
            self._write_picture(picture.image, picture.colour)
        elif self._preprocess is None:
            self.prepare_array(picture)
        else:
            self._write_picture(picture, "gray" if picture.ndim == 2 else "bgr")
        self.invoke()
        return self.decode()

    def _write_picture(self, image: npt.NDArray[Any], colour: Colour) -> None:
        if self._preprocess is None:
            raise ModelError(
                f"{self.name} takes no pictures, its input is {self._input.name!r} {list(self._input.shape)}: use it "
                "on a sensor or an array, not on a camera"
            )
        self._fill_others()
        self._view = self._preprocess(image, colour, self._take_memory)

    def _fill_others(self) -> None:
        """Give inputs beside the main one the state they belong to, or a real 0 where the card speaks of none."""
        for position in self._fresh:
            self._session.input(position)[...] = self.inputs[position].zero_point
        if self._state:
            self._state.feed()
