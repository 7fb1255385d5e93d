"""The scheduler's whole state as plain JSON values, and back: it goes on exactly where it was.

Whatever is an instance of a class of this package (or the thermal pacer) is written attribute by attribute, so that
what the scheduler remembers tomorrow needs no line here; a policy is named by its plug-in. Anything else is refused.
What only follows from the rest a class works out again in `derive()`, so that it may be another in a later version.
Objects, lists and dicts are numbered in the order they are met, and one met again is a reference: what was shared stays
shared.

    {"version": 2, "state": node}
    node: null, bool, int, float, string | {"f": "inf"} | {"r": number} | {"t": [node]} | {"l": [node]} |
          {"d": [[node, node]]} | {"c": [[node, node]]} (Counter) | {"q": [node]} (deque; "n": its bound) |
          {"o": class, "s": {attribute: node}} | {"p": plug-in, "s": {attribute: node}}
"""

from __future__ import annotations

import functools
import importlib
import math
import pickle
import pkgutil
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import edgeai.schedule
from edgeai.errors import RecordingError
from edgeai.power import thermal
from edgeai.schedule.earlier import upgrade
from edgeai.schedule.scheduler import Scheduler

__all__ = ["VERSION", "capture", "freeze", "restore"]

VERSION = 2
_DEEPEST = 40
_MOST_NODES = 1_000_000
"""Nodes of a state that are restored: a thousand times what a scheduler of ten stages has."""

Policies = Callable[[str], type]
"""From the name of a policy's plug-in to its class."""


def capture(scheduler: Scheduler) -> dict[str, Any]:
    """Return the state as plain values for JSON. Raises RecordingError for a value that has no such form."""
    return {"version": VERSION, "state": _Writer().node(scheduler, 0)}


def freeze(scheduler: Scheduler) -> Callable[[], dict[str, Any]]:
    """Return a function that gives what `capture` would give now: quick enough for the scheduler's lock.

    Raises RecordingError, now or when called, as `capture` does.
    """
    try:
        frozen = pickle.dumps(scheduler, pickle.HIGHEST_PROTOCOL)
    except (TypeError, AttributeError, pickle.PicklingError):
        state = capture(scheduler)  # a policy of a class that cannot be imported by name
        return lambda: state
    return lambda: capture(pickle.loads(frozen))  # noqa: S301 - made above, in this process


def restore(plain: Any, policies: Policies) -> Scheduler:
    """Return a scheduler in the state that `capture` gave; `policies` finds the classes of policies by plug-in.

    Raises RecordingError for what is no such state, and what `policies` raises. No code is named in a state but the
    classes of this package.
    """
    if not isinstance(plain, dict) or plain.get("version") not in range(1, VERSION + 1):
        raise RecordingError("the scheduler's state is of a newer edgeai, or damaged: it cannot be restored")
    reader = _Reader(policies)
    try:
        scheduler = reader.value(plain.get("state"), 0)
        if isinstance(scheduler, Scheduler):
            upgrade(scheduler, plain["version"])
    except RecordingError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise RecordingError(f"the scheduler's state is damaged ({error}): it cannot be restored") from error
    if not isinstance(scheduler, Scheduler):
        raise RecordingError("the recording holds no scheduler where one belongs: it is damaged")
    return scheduler


@functools.cache
def _classes() -> dict[str, type]:
    """Return the classes that a state may name, by module and name."""
    found: dict[str, type] = {}
    names = sorted(module.name for module in pkgutil.iter_modules(edgeai.schedule.__path__))
    modules = [importlib.import_module(f"{edgeai.schedule.__name__}.{name}") for name in names if name != "snapshot"]
    for module in (*modules, thermal):
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ == module.__name__ and not issubclass(value, Exception):
                found[f"{module.__name__.removeprefix('edgeai.')}.{name}"] = value
    return found


@functools.cache
def _names() -> dict[type, str]:
    return {value: name for name, value in _classes().items()}


@functools.cache
def _slots(cls: type) -> tuple[str, ...]:
    """Return the names of a class's slots, its bases' too."""
    slots: list[str] = []
    for base in reversed(cls.__mro__):
        own = base.__dict__.get("__slots__", ())
        slots += [own] if isinstance(own, str) else own
    return tuple(name for name in slots if name not in ("__dict__", "__weakref__"))


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, tuple):
        yield from value._asdict().items()  # type: ignore[attr-defined]
        return
    for name in _slots(value.__class__):
        if hasattr(value, name):
            yield name, getattr(value, name)
    yield from getattr(value, "__dict__", {}).items()


class _Writer:
    """Makes nodes; remembers what was met, and keeps it alive so that no identity is used twice."""

    def __init__(self) -> None:
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []

    def node(self, value: Any, depth: int) -> Any:
        """Return the node of a value."""
        if value is None or value is True or value is False or type(value) in (int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"f": str(value)}
        if depth > _DEEPEST:
            raise RecordingError("the scheduler's state is nested too deeply to be written")
        if type(value) is tuple:
            return {"t": [self.node(item, depth + 1) for item in value]}
        if id(value) in self._met:
            return {"r": self._met[id(value)]}
        self._met[id(value)] = len(self._kept)
        self._kept.append(value)
        return self._composite(value, depth + 1)

    def _composite(self, value: Any, depth: int) -> Any:
        if type(value) is list:
            return {"l": [self.node(item, depth) for item in value]}
        if type(value) in (dict, Counter):
            pairs = [[self.node(key, depth), self.node(item, depth)] for key, item in value.items()]
            return {"d" if type(value) is dict else "c": pairs}
        if type(value) is deque:
            return {"q": [self.node(item, depth) for item in value], "n": value.maxlen}
        name = _names().get(type(value))
        if name is not None:
            return {"o": name, "s": self._state(value, depth)}
        if callable(getattr(value, "choose", None)) and not isinstance(value, type):
            return {"p": type(value).__module__.rpartition(".")[2], "s": self._state(value, depth)}
        raise RecordingError(f"the scheduler remembers a {type(value).__name__}, which has no form in a recording")

    def _state(self, value: Any, depth: int) -> dict[str, Any]:
        return {name: self.node(item, depth) for name, item in _attributes(value)}


class _Reader:
    """Makes values of nodes, numbering them as the writer did."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._made: list[Any] = []
        self._nodes = 0

    def value(self, node: Any, depth: int) -> Any:
        """Return the value of a node."""
        self._nodes += 1
        if depth > 2 * _DEEPEST or self._nodes > _MOST_NODES:
            raise RecordingError("the scheduler's state is larger or deeper than any real one: it is not restored")
        if node is None or isinstance(node, bool | int | float | str):
            return node
        kind = next(iter(node), "")
        if kind == "f":
            return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[node["f"]]
        if kind == "r":
            number = node["r"]
            if type(number) is not int or not 0 <= number < len(self._made):
                raise ValueError("a reference leads nowhere")
            return self._made[number]
        if kind == "t":
            return tuple(self.value(item, depth + 1) for item in node["t"])
        return self._composite(kind, node, depth + 1)

    def _composite(self, kind: str, node: Any, depth: int) -> Any:
        made: Any
        if kind == "l":
            made = self._keep([])
            made.extend(self.value(item, depth) for item in node["l"])
        elif kind in ("d", "c"):
            made = self._keep({} if kind == "d" else Counter())
            for key, item in node[kind]:
                name = self.value(key, depth)
                made[name] = self.value(item, depth)
        elif kind == "q":
            made = self._keep(deque(maxlen=node["n"]))
            made.extend(self.value(item, depth) for item in node["q"])
        elif kind in ("o", "p"):
            made = self._object(kind, node, depth)
        else:
            raise ValueError(f"{kind!r:.40} is no kind of value")
        return made

    def _object(self, kind: str, node: Any, depth: int) -> Any:
        cls: Any = _classes().get(node["o"]) if kind == "o" else self._policies(node["p"])
        if cls is None:
            raise RecordingError(f"the scheduler's state names {node['o']!r:.80}, which this edgeai does not know")
        if issubclass(cls, tuple):
            number = len(self._made)
            self._keep(None)
            self._made[number] = cls(**{name: self.value(item, depth) for name, item in node["s"].items()})
            return self._made[number]
        made = self._keep(cls.__new__(cls))
        slots, free = _slots(cls), hasattr(made, "__dict__")
        if is_dataclass(cls):
            self._fill(made, cls, node)
        for name, item in node["s"].items():
            if name not in slots and not (free and name.isidentifier() and not name.startswith("__")):
                raise ValueError(f"{cls.__name__} has no attribute {name!r:.40}")
            object.__setattr__(made, name, self.value(item, depth))
        if kind == "o" and hasattr(cls, "derive"):
            made.derive()
        return made

    def _fill(self, made: Any, cls: Any, node: Any) -> None:
        """Give a dataclass the defaults of fields that an earlier edgeai did not know; refuse any other difference."""
        missing = [each for each in fields(cls) if each.name not in node["s"]]
        if len(node["s"]) + len(missing) != len(fields(cls)) or any(each.default is MISSING for each in missing):
            raise RecordingError(f"the scheduler's state of {cls.__name__} has other fields than this edgeai's")
        for each in missing:
            object.__setattr__(made, each.name, each.default)

    def _keep(self, made: Any) -> Any:
        self._made.append(made)
        return made
