"""The command line: one module a command.

Exit codes: 0 done, 1 something else (a Python function that raised), 2 configuration, 3 devices, 4 models,
5 recordings.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from edgeai.cli import (
    boards,
    check,
    compare,
    devices,
    evaluate,
    export,
    graph,
    info,
    models,
    plan,
    profile,
    quantize,
    record,
    recover,
    replay,
    run,
    schema,
    simulate,
)
from edgeai.errors import ConfigError, DeviceError, EdgeAIError, ModelError, PluginError, RecordingError

__all__ = ["main"]

_EXIT: tuple[tuple[type[EdgeAIError], int], ...] = (
    (ConfigError, 2),
    (PluginError, 2),
    (DeviceError, 3),
    (ModelError, 4),
    (RecordingError, 5),
)

app = typer.Typer(
    name="edgeai",
    help="Cameras and sensors, quantized models, and a power-aware scheduler, for robots.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("record")(record.record)
app.command("info")(info.info)
app.command("recover")(recover.recover)
app.command("replay")(replay.replay)
app.command("export")(export.export)
app.command("check")(check.check)
app.command("graph")(graph.graph)
app.command("schema")(schema.schema)
app.command("boards")(boards.boards)
app.command("profile")(profile.profile)
app.command("simulate")(simulate.simulate)
app.command("plan")(plan.plan)
app.add_typer(models.app)
app.command("devices")(devices.devices)
app.command("quantize")(quantize.quantize)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)


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
    except run.Failures as failures:
        _end(failures, exit_code(failures.errors[0]))
    except EdgeAIError as error:
        _end(error, exit_code(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _end(error: Exception, code: int) -> NoReturn:
    for line in str(error).splitlines():
        print(f"edgeai: {line}", file=sys.stderr)  # noqa: T201 - this is where sentences are printed
    raise SystemExit(code) from None
