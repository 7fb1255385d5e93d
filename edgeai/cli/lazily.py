"""Commands whose modules are imported when they are run, so that `edgeai --help` and completion stay quick."""

from __future__ import annotations

import functools
import importlib
from itertools import groupby
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from edgeai.cli.commands import COMMANDS, Row
from edgeai.cli.signatures import with_common

__all__ = ["SETTINGS", "Group"]

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EXAMPLE = "\n\nExample: "


class Group(TyperGroup):
    """All commands; the help lists them in their groups."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands.update({row.name: _Later(row) for row in COMMANDS})

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line for each command, the name of its group beside the first."""
        heads, names = (max(map(len, words)) + 2 for words in zip(*((r.group, r.name) for r in COMMANDS), strict=True))
        formatter.write("\n")
        for group, rows in groupby(COMMANDS, lambda row: row.group):
            for i, row in enumerate(rows):
                head = typer.style(f"{'' if i else group:{heads}}", bold=True)
                formatter.write(f"{head}{typer.style(f'{row.name:{names}}', fg='cyan')}{row.says}\n")


class _Later(TyperCommand):
    """Stands for a command until it is run, or asked for its own help."""

    def __init__(self, row: Row) -> None:
        super().__init__(row.name, help=row.says, rich_help_panel=row.group, rich_markup_mode=None)
        self._row = row

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        """Import the command and let it parse its arguments."""
        return _load(self._row).make_context(info_name, args, parent=parent, **extra)


class _Command(TyperCommand):
    """A command whose documentation may end with paragraphs `Example: ...`, shown as they are below its options."""

    def __init__(self, name: str | None, *, help: str | None = None, **options: Any) -> None:
        text, *self._examples = (help or "").split(_EXAMPLE)
        super().__init__(name, help=text, **options)
        for param in self.params:
            if param.metavar is None and not getattr(param, "is_flag", False):
                param.metavar = str(param.name).upper().replace("_", "-")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and the options in their panels."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                plain = "Arguments" if param.param_type_name == "argument" else "Options"
                panels.setdefault(getattr(param, "rich_help_panel", None) or plain, []).append(record)
        for panel, records in panels.items():
            with formatter.section(panel):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        if self._examples:
            with formatter.section("Example" if len(self._examples) == 1 else "Examples"):
                for example in self._examples:
                    formatter.write(f"  {' '.join(example.split())}\n")


@functools.cache
def _load(row: Row) -> Any:
    """Return a command, or a group of commands, of its module."""
    module = importlib.import_module(f"edgeai.cli.{row.name}")
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command(row.name)(getattr(module, row.name))
    for info in app.registered_commands:
        assert info.callback is not None
        info.callback, info.cls = with_common(info.callback), _Command
    return get_command(app)
