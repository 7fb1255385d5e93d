"""Signatures put together: typer reads a command's options from its function's signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from edgeai.cli import screen

__all__ = ["with_common", "with_parameters"]


def with_parameters(call: Callable[..., Any], *functions: Callable[..., Any]) -> Callable[..., Any]:
    """Give `call`, which takes any keywords, the parameters of functions, for typer to read."""
    parameters: list[inspect.Parameter] = []
    for function in functions:
        hints = get_type_hints(function, include_extras=True)
        parameters += [p.replace(annotation=hints[n]) for n, p in inspect.signature(function).parameters.items()]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def with_common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command that takes the options that every command takes, too."""

    @functools.wraps(command)
    def run(*, quiet: bool, no_color: bool, **options: Any) -> Any:
        screen.settle(quiet=quiet, no_color=no_color)
        return command(**options)

    return with_parameters(run, command, _common)


def _common(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress: results and errors.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; so does NO_COLOR in the environment.")] = (
        False
    ),
) -> None:
    """Say what every command takes."""
