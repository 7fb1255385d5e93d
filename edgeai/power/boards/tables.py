"""Boards by name, from the YAML files of this folder, and which of them a machine is."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from edgeai.errors import ConfigError, Problem
from edgeai.power.boards.board import Board

__all__ = ["board_names", "load_board", "machine_name", "recognise", "running_board"]

_FOLDER = Path(__file__).parent
_MODEL = "proc/device-tree/model"
_PROCESSOR = "proc/cpuinfo"
_GENERIC = "generic"


@functools.cache
def board_names() -> tuple[str, ...]:
    """List the boards there are tables of, generic last."""
    names = sorted(path.stem for path in _FOLDER.glob("*.yaml"))
    return (*(name for name in names if name != _GENERIC), _GENERIC)


@functools.cache
def load_board(name: str) -> Board:
    """Return a board by its name (`jetson-nano` is `jetson_nano`), or from a file of your own (`boards/rover.yaml`).

    A file may say `based_on: pi4` and give what differs. Raises ConfigError.
    """
    own = name.endswith((".yaml", ".yml"))
    path = Path(name) if own else _FOLDER / f"{name.replace('-', '_')}.yaml"
    if not own and path.stem not in board_names():
        expected = f"one of {', '.join(board_names())}, or the path of a YAML file"
        raise ConfigError(Problem("board", repr(name), expected))
    return _board(path)


def _board(path: Path) -> Board:
    document = _document(path)
    try:
        board = TypeAdapter(Board).validate_python(document | {"name": path.stem})
    except ValidationError as error:
        raise ConfigError(*(_problem(path, document, mistake) for mistake in error.errors())) from None
    if 1 not in board.threads.ms or min(board.threads.ms.values()) <= 0:
        raise ConfigError(
            Problem("threads.ms", str(dict(board.threads.ms)), "ms above 0, for one thread too", str(path))
        )
    return board


def _problem(path: Path, document: Mapping[str, Any], mistake: Any) -> Problem:
    where = [str(part) for part in mistake["loc"]]
    found = "nothing" if mistake["type"] == "missing" else repr(mistake["input"])
    return Problem(".".join(where), found[:80], mistake["msg"], str(path))


def _document(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise ConfigError(Problem("board", f"{path}, which cannot be read ({why})", "a YAML file")) from error
    if not isinstance(document, dict):
        raise ConfigError(Problem("", type(document).__name__, "a mapping of the board's figures", str(path)))
    base = document.pop("based_on", None)
    if base is None:
        return document
    if base not in board_names() or base == path.stem:
        raise ConfigError(Problem("based_on", repr(base), f"one of {', '.join(board_names())}", str(path)))
    return _document(_FOLDER / f"{base}.yaml") | {"models": (), "ladders": ()} | document


def recognise(model: str) -> Board:
    """Return the board that a device tree's model names (`Raspberry Pi 5 Model B Rev 1.0`), else generic.

    A zero byte at its end is nothing. Where several names fit, the longest does.
    """
    told = model.strip("\0 \n").lower()
    fitting = [(len(text), name) for name in board_names() for text in load_board(name).models if text.lower() in told]
    return load_board(max(fitting)[1] if fitting else _GENERIC)


def running_board(root: str = "/") -> Board:
    """Return the board this machine is, by /proc/device-tree/model under `root`; generic where there is none."""
    try:
        return recognise(Path(root, _MODEL).read_text("utf-8", "replace"))
    except OSError:
        return load_board(_GENERIC)


def machine_name(root: str = "/") -> str:
    """Return what this machine says it is, under `root`: the device tree's model, or else its processor's name."""
    try:
        return Path(root, _MODEL).read_text("utf-8", "replace").strip("\0 \n")
    except OSError:
        pass
    try:
        lines = Path(root, _PROCESSOR).read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "an unknown machine")
