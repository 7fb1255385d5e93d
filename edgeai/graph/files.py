"""Files that a graph names: where they are sought, and what is near a name that is not there."""

from __future__ import annotations

import difflib
import os
from importlib.resources import files
from pathlib import Path

from edgeai.errors import ModelError
from edgeai.graph.devices import under
from edgeai.graph.findings import Mistake
from edgeai.graph.spec import StageSpec
from edgeai.graph.words import show
from edgeai.plugins import near_miss
from edgeai.zoo import SCHEME, expand

__all__ = ["find_input", "find_model", "ladder", "neighbours", "with_families"]

SUFFIX = ".tflite"


def find_input(text: str, base: Path) -> Path:
    """Return the path of an input file: `~` expanded, and relative to the folder `base`."""
    return Path(under(base, os.path.expanduser(text)))


def find_model(text: str, base: Path) -> Path:
    """Return the path of a model: a file, its ending left out if you like, or the name of a model shipped with edgeai.

    `zoo:family/variant` is a model that was pulled. Raises Mistake when there is no such file.
    """
    if text.startswith(SCHEME):
        return _of_zoo(text)
    path = find_input(text, base)
    bare = os.sep not in text
    shipped = _shipped() if bare else {}
    completed = path.with_name(path.name + SUFFIX) if path.name else None
    for candidate in (path, completed, shipped.get(text.removesuffix(SUFFIX))):
        if candidate is not None and _is_file(candidate):
            return candidate
    if _is_folder(path):
        raise Mistake(f"the folder {show(text)}", "a model file (.tflite)", near_miss_in(path, ""))
    hint = (
        near_miss_in(path.parent, path.name) if _is_folder(path.parent) else f"there is no folder {str(path.parent)!r}"
    )
    if bare:
        hint = hint or near_miss(text.removesuffix(SUFFIX), list(shipped))
    raise Mistake(f"no file {str(path)!r}", "a model file", hint)


def ladder(text: str) -> tuple[str, ...]:
    """Return the models that a name stands for: `zoo:family` for all its variants, any other for itself.

    Raises Mistake for a family that is unknown, or was not pulled.
    """
    if not text.startswith(SCHEME):
        return (text,)
    return tuple(name for name, _ in _expanded(text))


def with_families(spec: StageSpec) -> StageSpec:
    """Return a stage with the variants of each zoo's family in its place; one that cannot be found stays as written."""
    if not any(model.startswith(SCHEME) for model in spec.model or ()):
        return spec
    models: list[str] = []
    for model in spec.model or ():
        try:
            models += ladder(model)
        except Mistake:
            models.append(model)
    return spec.model_copy(update={"model": tuple(dict.fromkeys(models))})


def _of_zoo(text: str) -> Path:
    found = _expanded(text)
    if len(found) > 1:
        raise Mistake(f"the family {show(text)}", f"one of its variants, such as {found[0][0]}")
    return found[0][1]


def _expanded(text: str) -> tuple[tuple[str, Path], ...]:
    try:
        return expand(text)
    except ModelError as error:
        raise Mistake(show(text), "a model of a zoo that has been pulled", str(error)) from None


def near_miss_in(folder: Path, name: str) -> str:
    """Return a hint about the models in a folder: the one with a similar name, or a few that are there."""
    models = [file.removesuffix(SUFFIX) for file in neighbours(folder) if file.endswith(SUFFIX)]
    close = difflib.get_close_matches(name.removesuffix(SUFFIX), models, n=1)
    if close:
        return f"did you mean {close[0] + SUFFIX!r}?"
    listed = ", ".join(model + SUFFIX for model in models[:6])
    return f"there are: {listed}{' …' if len(models) > 6 else ''}" if models else ""


def neighbours(folder: Path) -> list[str]:
    """List the names in a folder; none when it cannot be read."""
    try:
        return sorted(os.listdir(folder))[:2000]
    except (OSError, ValueError):
        return []


def _shipped() -> dict[str, Path]:
    folder = Path(str(files("edgeai.pilots")))
    return {name.removesuffix(SUFFIX): folder / name for name in neighbours(folder) if name.endswith(SUFFIX)}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
