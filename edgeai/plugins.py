"""Plug-ins by kind and name, imported only when asked for.

A provider is a package listed in the entry-point group `edgeai.providers`; a kind is its sub-package (cameras, sensors,
power, outputs, sim, decoders, policies); a plug-in is a module in it that bears its name and holds the class of that
name (`serial_lines` holds `SerialLines`). Modules that begin with an underscore, and packages, are not plug-ins.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
import importlib.util
import pkgutil
from typing import Any

from edgeai.errors import PluginError

__all__ = ["find", "names", "near_miss"]

GROUP = "edgeai.providers"
_NO_KINDS = ("edgeai.power",)
"""Packages that bear the name of a kind and hold no plug-ins of it: arithmetic, whose meters are drivers."""


@functools.cache
def providers() -> tuple[str, ...]:
    """Return the provider packages of this installation, in a fixed order."""
    rows = importlib.metadata.entry_points(group=GROUP)
    return tuple(sorted({row.value for row in rows}))


@functools.cache
def _modules(kind: str) -> dict[str, tuple[str, ...]]:
    """Map each plug-in name of a kind to the modules that bear it."""
    found: dict[str, list[str]] = {}
    for provider in providers():
        package = f"{provider}.{kind}"
        found_here = package not in _NO_KINDS and importlib.util.find_spec(provider)
        spec = importlib.util.find_spec(package) if found_here else None
        for module in pkgutil.iter_modules(spec.submodule_search_locations if spec else None or []):
            if not module.ispkg and not module.name.startswith("_"):
                found.setdefault(module.name, []).append(f"{provider}.{kind}.{module.name}")
    return {name: tuple(modules) for name, modules in sorted(found.items())}


def names(kind: str) -> list[str]:
    """List the plug-ins of a kind, without importing any."""
    return list(_modules(kind))


def near_miss(word: str, choices: list[str]) -> str:
    """Return `did you mean ...?` for a misspelt word, else an empty string."""
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def find(kind: str, name: str) -> Any:
    """Return the class of a plug-in.

    Raises PluginError when there is none, when two providers have one of that name, or when it cannot be imported.
    """
    modules = _modules(kind).get(name, ())
    if not modules:
        hint = near_miss(name, names(kind)) or f"there are: {', '.join(names(kind)) or 'none'}"
        raise PluginError(f"no plug-in {name!r} among {kind}; {hint}")
    if len(modules) > 1:
        raise PluginError(f"two plug-ins of {kind} are called {name!r} ({', '.join(modules)}): uninstall or rename one")
    try:
        module = importlib.import_module(modules[0])
    except ImportError as error:
        raise PluginError(f"{modules[0]} cannot be imported: {error}") from error
    wanted = "".join(part.capitalize() for part in name.split("_"))
    try:
        return getattr(module, wanted)
    except AttributeError:
        raise PluginError(f"{modules[0]} has no class {wanted}: a plug-in's class bears its module's name") from None
