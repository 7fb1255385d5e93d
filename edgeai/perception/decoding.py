"""What a decoder is, what it is told, and how the one for a model is chosen.

A decoder is a plug-in of kind `decoders`: it turns the outputs of a model into a value. It is made once for a model,
holds no state between frames and may be shared by several interpreters of the same model.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeai import plugins
from edgeai.errors import ModelError, PluginError
from edgeai.messages import Column
from edgeai.perception.geometry import View
from edgeai.perception.labels import Labels
from edgeai.perception.options import SsdOptions, YoloOptions
from edgeai.perception.tensor import TensorInfo

__all__ = ["Decoder", "PostProcess", "Settings", "Signature", "choose_decoder", "could_be", "require_finite"]

_FEW = 50
"""Numbers that Python has looked at one by one before numpy's two calls are done."""


@dataclass(frozen=True, slots=True)
class PostProcess:
    """A TFLite_Detection_PostProcess operation in the graph.

    Positions among the model's outputs of its boxes, classes, scores and count; and how many classes it knows, the
    background not counted.
    """

    boxes: int
    classes: int
    scores: int
    count: int
    known: int | None


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives.

    `image` is (width, height) of the picture it wants, None when it wants none. `softmax` are the positions of
    outputs that a softmax feeds. `file` is the model's path; files named in a card lie beside it.
    """

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    image: tuple[int, int] | None = None
    softmax: frozenset[int] = frozenset()
    postprocess: PostProcess | None = None
    file: Path = Path()

    def without(self, state: tuple[tuple[int, int], ...]) -> Signature:
        """Return what is left for a decoder when these (output, input) hold the model's state."""
        made, given = {output for output, _ in state}, {input_ for _, input_ in state}
        left = [position for position in range(len(self.outputs)) if position not in made]
        place = {position: i for i, position in enumerate(left)}
        done = self.postprocess
        return replace(
            self,
            inputs=tuple(info for i, info in enumerate(self.inputs) if i not in given),
            outputs=tuple(self.outputs[position] for position in left),
            softmax=frozenset(place[position] for position in self.softmax if position in place),
            postprocess=done
            and replace(
                done,
                boxes=place[done.boxes],
                classes=place[done.classes],
                scores=place[done.scores],
                count=place[done.count],
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a decoder is told; None where nothing was said.

    columns: names and units of regressed values. score: least score of a detection, threshold of a single score. top:
    classes to keep. normalise: bring an embedding to length 1.
    """

    labels: Labels | None = None
    columns: tuple[Column, ...] | None = None
    score: float | None = None
    top: int | None = None
    ssd: SsdOptions | None = None
    yolo: YoloOptions | None = None
    normalise: bool | None = None


class Decoder(ABC):
    """Turns the outputs of a model into a value.

    `__init__` raises ModelError when the settings do not fit the signature. Results are published: under `numerics:
    reference` they must be the same bits everywhere, so keep to integers, elementwise arithmetic and `math`.
    """

    task: ClassVar[str]
    """What a card calls the task this decoder serves."""
    reads_input: ClassVar[bool] = False
    """True for a decoder that compares the outputs with what went in."""
    says_nothing_alike: ClassVar[bool] = False
    """True where the outputs for all pictures without anything in them may be the same."""
    labels: tuple[str, ...] | None = None
    """One name for each class, None where there are none."""
    columns: tuple[Column, ...] | None = None
    """Name and unit of each value of a regression, None where there are none."""

    @classmethod
    @abstractmethod
    def claims(cls, signature: Signature) -> bool:
        """Say whether outputs of these shapes and dtypes could be meant for this decoder."""

    @classmethod
    def recognises(cls, signature: Signature) -> bool:
        """Say whether the graph leaves no doubt that its outputs are meant for this decoder."""
        return False

    @abstractmethod
    def __init__(self, signature: Signature, settings: Settings) -> None:
        """Prepare whatever does not depend on a frame."""

    @abstractmethod
    def __call__(self, tensors: Sequence[npt.NDArray[Any]], view: View | None) -> Any:
        """Return the value of one inference.

        `tensors` are copies of the outputs in the model's order, the decoder's to keep or write into, and behind them,
        with `reads_input`, of the main input; `view` maps boxes back to the frame and is None for a model that takes no
        picture. Raises ModelError for NaN and infinity.
        """


def require_finite(array: npt.NDArray[Any], what: str) -> None:
    """Raise ModelError when there is NaN or infinity in `array`."""
    finite = all(map(math.isfinite, array.ravel().tolist())) if array.size <= _FEW else np.isfinite(array).all()
    if not finite:
        raise ModelError(
            f"the model's {what} hold NaN or infinity: check the normalisation of its input (mean, std), or convert "
            "the model again"
        )


def choose_decoder(signature: Signature, decoder: str | None, task: str | None) -> tuple[str, type[Decoder]]:
    """Return name and class of the decoder for a model.

    A named decoder is taken at its word. Else a named task narrows the choice to the decoders that serve it. Else the
    one that recognises the graph, else the only one that claims its shapes, else raw tensors when none does.
    Raises ModelError when nothing fits, or when several do and only a person can know.
    """
    if decoder is not None:
        try:
            return decoder, plugins.find("decoders", decoder)
        except PluginError as error:
            raise ModelError(f"decoder: {error}") from error
    known: dict[str, type[Decoder]] = {name: plugins.find("decoders", name) for name in plugins.names("decoders")}
    if task is not None:
        return _choose_by_task(signature, task, known)
    certain = [name for name, kind in known.items() if kind.recognises(signature)]
    claiming = certain or [name for name, kind in known.items() if kind.claims(signature)]
    if len(claiming) > 1:
        tasks = sorted({known[name].task for name in claiming})
        raise ModelError(
            f"its output {_shapes(signature)} can be read as {' or '.join(claiming)}, and nothing in the file says "
            f"which: add `task: {tasks[0]}`" + "".join(f" or `task: {other}`" for other in tasks[1:])
        )
    name = claiming[0] if claiming else "tensors"
    if name not in known:
        raise ModelError("no decoder is installed: install edgeai with `pip install`, so that its plug-ins are found")
    return name, known[name]


def could_be(signature: Signature, task: str) -> bool:
    """Say whether a decoder of `task` claims the outputs: metadata is written by exporters that know little."""
    kinds = [plugins.find("decoders", name) for name in plugins.names("decoders")]
    return task == "tensors" or any(
        kind.task == task and (kind.recognises(signature) or kind.claims(signature)) for kind in kinds
    )


def _choose_by_task(signature: Signature, task: str, known: dict[str, type[Decoder]]) -> tuple[str, type[Decoder]]:
    serving = [name for name, kind in known.items() if kind.task == task]
    if not serving:
        tasks = sorted({kind.task for kind in known.values()})
        hint = plugins.near_miss(task, tasks) or f"there are: {', '.join(tasks)}"
        raise ModelError(f"there is no task {task!r}; {hint}")
    fitting = [name for name in serving if known[name].recognises(signature)]
    fitting = fitting or [name for name in serving if name == "tensors" or known[name].claims(signature)]
    if len(fitting) != 1:
        raise ModelError(
            f"its output {_shapes(signature)} does not say which decoder of task {task} it is for: add `decoder: ` and "
            f"one of {', '.join(fitting or serving)}, or `decoder: tensors` for the raw outputs"
        )
    return fitting[0], known[fitting[0]]


def _shapes(signature: Signature) -> str:
    return ", ".join(f"{output.name} {list(output.shape)} {output.dtype}" for output in signature.outputs)
