"""`edgeai devices`: what can be used on this machine, and what keeps the rest from it."""

from __future__ import annotations

from dataclasses import asdict

from edgeai import plugins
from edgeai.cli import screen
from edgeai.cli.options import AsJson
from edgeai.errors import EdgeAIError
from edgeai.messages import Device

__all__ = ["devices"]

_GROUPS = (
    ("cameras", "cameras"),
    ("sensors", "sensors"),
    ("power", "meters"),
    ("outputs", "outputs"),
    ("sim", "simulated"),
)
"""Kinds of drivers, and what they are called in a graph."""


def devices(as_json: AsJson = False) -> None:
    """List cameras, ports, meters, outputs, accelerators, runtimes: by their names in graphs, and what is missing.

    Nothing is opened for longer than it takes to ask its name.

    Example: edgeai devices --json
    """
    from edgeai.perception.runtimes import accelerators, installed

    found = {title: _of_kind(kind) for kind, title in _GROUPS}
    found["accelerators"] = accelerators.devices()
    found["runtimes"] = installed()
    if as_json:
        screen.print_json({title: [asdict(device) for device in group] for title, group in found.items()})
    else:
        _print(found)


def _of_kind(kind: str) -> list[Device]:
    """Ask every driver of a kind; one that cannot be asked says why."""
    listed: list[Device] = []
    for name in plugins.names(kind):
        try:
            listed += plugins.find(kind, name).devices()
        except (EdgeAIError, OSError, ValueError, RuntimeError) as error:
            listed.append(Device(name, f"{name}:", missing=str(error)))
    return listed


def _print(found: dict[str, list[Device]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = screen.console()
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("name in a graph", overflow="fold")
    table.add_column("what it is, or what is missing", overflow="fold")
    for title, group in found.items():
        table.add_row(f"[bold]{title}[/bold]", "", "" if group else "none that could be listed")
        for device, others in _merged(group):
            also = f"also as {', '.join(others)}" if others else ""
            words = " - ".join(word for word in (device.description, device.missing, also) if word)
            table.add_row("  ○" if device.missing else "  ●", escape(device.uri), escape(words))
    console.print(table)
    console.print("\n● usable   ○ not usable, and why")


def _merged(group: list[Device]) -> list[tuple[Device, list[str]]]:
    """Return each device once, with the names of other drivers that could use it: a port does not say what it is."""
    merged: dict[tuple[str, str, str], tuple[Device, list[str]]] = {}
    for device in group:
        path = device.uri.partition(":")[2]
        key = (path or device.driver, device.description, device.missing)
        if key in merged and path:
            merged[key][1].append(device.driver)
        else:
            merged[key] = device, []
    return list(merged.values())
