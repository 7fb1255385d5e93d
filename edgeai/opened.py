"""The models that are open while a graph is assembled: stages that want the very same one share its memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from edgeai.calibrate import timed
from edgeai.schedule.events import Profile

if TYPE_CHECKING:
    from edgeai.perception.model import Model
    from edgeai.perception.options import ModelOptions

__all__ = ["Opened"]

T = TypeVar("T")


class Opened:
    """Opens, times and multiplies models, each once: a lane runs one job at a time, so one interpreter does for many.

    With `shared` false nothing is kept, so that what is let go of frees its memory; a model with a state never is.
    """

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared
        self._kept: dict[object, object] = {}
        self._models: list[Model] = []

    def model(self, path: str, options: ModelOptions, threads: int) -> Model:
        """Return a model of a file, with options, on a number of threads. Raises ModelError."""
        from edgeai.perception.model import Model

        key = (path, repr(options), threads)
        model = self._kept.get(key)
        if isinstance(model, Model):
            return model
        model = Model.load(path, options, threads=threads)
        if self._shared and not model.stateful:
            self._kept[key] = model
        return model

    def on_threads(self, model: Model, threads: int) -> Model:
        """Return an interpreter of a model on another number of threads."""
        return self._once(model, threads, lambda: model.with_threads(threads))

    def timed(self, model: Model, numbers: tuple[int, ...]) -> Mapping[int, tuple[Model, Profile]]:
        """Time a model on numbers of threads."""
        return self._once(model, ("timed", numbers), lambda: timed(model, numbers))

    def lanes(self, model: Model, make: Callable[[], tuple[Model, ...]]) -> tuple[Model, ...]:
        """Return the interpreters of a model, one a lane."""
        return self._once(model, "lanes", make)

    def _once(self, model: Model, what: object, make: Callable[[], T]) -> T:
        key = (id(model), what)
        if not self._shared or model.stateful:
            return make()
        if key not in self._kept:
            self._models.append(model)  # alive, so that no identity is used twice
            self._kept[key] = make()
        return self._kept[key]  # type: ignore[return-value]
