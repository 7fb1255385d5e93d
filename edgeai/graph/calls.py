"""Python functions as stages: `package.module:name` imported, only where code is allowed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeai.graph.findings import Mistake
from edgeai.graph.words import show
from edgeai.plugins import near_miss

__all__ = ["find_function", "name_of"]


def find_function(call: str | Callable[..., Any], base: Path) -> Callable[..., Any]:
    """Return the function that a `call` names; the folder `base` is searched for modules too, after all others.

    Raises Mistake when it cannot be imported or is no function.
    """
    if not isinstance(call, str):
        return call
    module_name, _, names = call.partition(":")
    target: Any = _module(module_name, base)
    for name in names.split("."):
        if not hasattr(target, name):
            raise Mistake(f"no {name!r} in {module_name}", "a function", near_miss(name, dir(target)))
        target = getattr(target, name)
    if not callable(target):
        raise Mistake(f"{show(call)}, which is {show(target)}", "a function")
    function: Callable[..., Any] = target
    return function


def _module(name: str, base: Path) -> Any:
    folder = str(base.absolute())
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        hint = f"there is no module {error.name!r}: install it, or put it beside the graph"
        raise Mistake(f"a module that cannot be imported, {name}", "package.module:function", hint) from error
    except Exception as error:
        raise Mistake(
            f"a module that cannot be imported, {name} ({type(error).__name__}: {error})", "package.module:function"
        ) from error


def name_of(call: str | Callable[..., Any]) -> str:
    """Return a `call` as it is shown: `package.module:name`."""
    if isinstance(call, str):
        return call
    return f"{getattr(call, '__module__', '')}:{getattr(call, '__qualname__', type(call).__name__)}"
