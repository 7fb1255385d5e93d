"""Whatever the scheduler is told, answers or a pipeline hands on can be written down and read back as it was."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import numpy as np
import pytest

from edgeai.errors import RecordingError
from edgeai.messages import Result
from edgeai.policies.power import Power
from edgeai.recording.codec import decode, encode, from_bytes, to_bytes
from edgeai.recording.codec.registry import CLASSES, MODULES, hints_of
from edgeai.schedule import commands, events
from edgeai.schedule.commands import Command
from edgeai.schedule.events import Event
from edgeai.schedule.policy import Policy

from .conftest import policies


class Turn(NamedTuple):
    angle: float
    why: str


SCALARS = {int: 7, float: 0.1, bool: True, str: "a word", type(None): None}


def has_fields(cls):
    """Say whether a class is a dataclass or a named tuple."""
    return isinstance(cls, type) and (is_dataclass(cls) or hasattr(cls, "_fields"))


def example(hint, name=""):
    """Return a value with this annotation."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if hint is Policy:
        return Power(budget=4.5)
    if hint is Any:
        return (1, ["two", float("inf")], {"three": None})
    if has_fields(hint):
        return made(hint)
    if origin is Literal:
        return parts[0]
    if origin in (Union, types.UnionType):
        return example(parts[0], name)
    if origin is tuple:
        return (example(parts[0]),) * 2 if parts[-1] is Ellipsis else tuple(example(part) for part in parts)
    if origin is np.ndarray:
        return np.arange(4).astype(getattr(get_args(parts[1])[0], "__name__", "uint8").replace("Any", "uint8"))
    if origin is not None and issubclass(origin, Mapping):
        return {"key": example(parts[1])}
    raise TypeError(f"{name}: {hint} has no example here: add one")


def made(cls):
    return cls(**{name: example(hint, f"{cls.__name__}.{name}") for name, hint in hints_of(cls).items()})


def there_and_back(value, cls):
    return decode(from_bytes(to_bytes(encode(value))), cls, policies)


def same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if is_dataclass(one):
        return type(one) is type(other) and all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, tuple | list):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


def named_in(hint):
    """Yield the classes with fields that an annotation names, and those that they name."""
    if has_fields(hint):
        yield hint
        for inner in hints_of(hint).values():
            yield from named_in(inner)
    for part in get_args(hint):
        yield from named_in(part)


@pytest.mark.parametrize(("union", "module"), [(Event, events), (Command, commands)], ids=["events", "commands"])
def test_every_event_and_command_can_be_recorded(union, module):
    """A new one that is no member of the union, or has a field that the codec does not know, fails here."""
    there = {cls for cls in vars(module).values() if has_fields(cls) and cls.__module__ == module.__name__}
    assert there <= set(named_in(union))
    for cls in get_args(union):
        value = made(cls)
        assert same(there_and_back(value, union), value)


def test_every_class_that_a_recording_may_name_has_a_name_of_its_own():
    names = [name for m in MODULES for name, c in vars(m).items() if has_fields(c) and c.__module__ == m.__name__]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - {"Snapshot"}))  # that is never recorded
def test_every_value_is_read_as_it_was_written(name):
    value = made(CLASSES[name])
    assert same(there_and_back(value, CLASSES[name]), value)


def test_what_python_code_returned_is_kept_as_far_as_json_knows_it():
    value = Result("plan", 1, 2, {"turn": (0.5, [1]), "at": np.float32(1.5), "who": object}, (), ())
    back = there_and_back(value, Result).value
    assert (back["turn"], back["at"], list(back["who"])) == ((0.5, [1]), np.float32(1.5), ["opaque"])


def test_a_named_tuple_of_python_code_comes_back_as_a_tuple():
    back = there_and_back(Result("plan", 1, 2, Turn(0.5, "left"), (), ()), Result).value
    assert (type(back), back) == (tuple, (0.5, "left"))


def test_values_nested_without_end_are_refused():
    plain = None
    for _ in range(5000):
        plain = {"type": "Result", "value": plain}
    with pytest.raises(RecordingError):
        decode(plain, Result)
