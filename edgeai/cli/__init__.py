"""The command line: one module a command, one row each in commands.py.

Exit codes: 0 done, 1 something else (a Python function that raised), 2 configuration or command line, 3 devices,
4 models, 5 recordings, 130 ended by Ctrl-C.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from edgeai.cli.failures import Failures
from edgeai.cli.lazily import SETTINGS, Group
from edgeai.errors import ConfigError, DeviceError, EdgeAIError, ModelError, PluginError, RecordingError

__all__ = ["app", "main"]

_EXIT: tuple[tuple[type[EdgeAIError], int], ...] = (
    (ConfigError, 2),
    (PluginError, 2),
    (DeviceError, 3),
    (ModelError, 4),
    (RecordingError, 5),
)

app = typer.Typer(
    name="edgeai",
    cls=Group,
    help="Cameras and sensors, quantized models, and a power-aware scheduler, for robots.",
    epilog="`edgeai COMMAND --help` has an example of each. Exit codes: 0 done, 2 command line or configuration, "
    "3 devices, 4 models, 5 recordings, 1 anything else, 130 Ctrl-C. NO_COLOR is respected.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=SETTINGS,
)


def _version(show: bool) -> None:
    if show:
        from edgeai import __version__

        typer.echo(f"edgeai {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    """Cameras and sensors, quantized models, and a power-aware scheduler, for robots."""


def exit_code(error: Exception) -> int:
    """Return the exit code of the command line for an error."""
    return next((code for kind, code in _EXIT if isinstance(error, kind)), 1)


def main() -> None:
    """Run the command line; errors are sentences on standard error, without a traceback."""
    try:
        app()
    except Failures as failures:
        _end(failures, exit_code(failures.errors[0]))
    except EdgeAIError as error:
        _end(error, exit_code(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _end(error: Exception, code: int) -> NoReturn:
    for line in str(error).splitlines():
        print(f"edgeai: {line}", file=sys.stderr)  # noqa: T201 - this is where sentences are printed
    raise SystemExit(code) from None
