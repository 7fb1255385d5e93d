"""Values to plain JSON values: a function is put together for each class when it is first met."""

from __future__ import annotations

import base64
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin

import numpy as np

from edgeai.recording.codec.registry import CLASSES, DTYPES, hints_of, is_record
from edgeai.schedule import policy

__all__ = ["encode", "encode_policy"]

_LONG = 4096
"""Elements of an array beyond which it is written as base64."""

_Writer = Callable[[Any], Any]


def encode(value: Any) -> Any:
    """Return a value as plain JSON values."""
    return _writer(value.__class__)(value)


def encode_policy(value: Any) -> Any:
    """Return a policy as the name of its plug-in and its options."""
    state = {field.name: encode(getattr(value, field.name)) for field in fields(value)} if is_dataclass(value) else {}
    return {"policy": type(value).__module__.rpartition(".")[2], "options": state}


@functools.cache
def _writer(cls: type) -> _Writer:
    """Return what writes values of a class."""
    if issubclass(cls, bool | str) or cls is type(None):
        return _as_it_is
    if issubclass(cls, np.ndarray | np.generic):
        return _array
    if issubclass(cls, int):
        return int
    if issubclass(cls, float):
        return _number
    if is_record(cls):
        return _record_writer(cls)
    if issubclass(cls, tuple | list):
        return _sequence
    if issubclass(cls, Mapping):
        return _mapping
    return _opaque


def _record_writer(cls: type) -> _Writer:
    parts = [(name, _field_writer(hint)) for name, hint in hints_of(cls).items()]
    type_name = cls.__name__

    def write(value: Any) -> dict[str, Any]:
        plain: dict[str, Any] = {"type": type_name}
        for name, one in parts:
            plain[name] = one(getattr(value, name))
        return plain

    return write


def _field_writer(hint: Any) -> _Writer:
    if hint is policy.Policy:
        return encode_policy
    if hint is Any:
        return _free
    if get_args(hint) == (Any, ...):
        return _free_items
    if get_args(hint)[-1:] == (Any,) and issubclass(get_origin(hint), Mapping):
        return dict  # plain values already
    return encode


def _free_items(value: Any) -> list[Any]:
    return [_free(item) for item in value]


def _as_it_is(value: Any) -> Any:
    return value


def _number(value: float) -> Any:
    return float(value) if math.isfinite(value) else str(float(value))


def _sequence(value: Any) -> list[Any]:
    return [_writer(item.__class__)(item) for item in value]


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): encode(item) for key, item in value.items()}


def _opaque(value: Any) -> dict[str, str]:
    return {"opaque": repr(value)}


def _array(value: Any) -> dict[str, Any]:
    array = np.asarray(value)
    if array.dtype.name not in DTYPES:
        return {"opaque": repr(value)}
    if array.size > _LONG or (array.dtype.kind == "f" and not np.isfinite(array).all()):
        packed = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        data: Any = base64.b64encode(packed).decode()
    else:
        data = array.ravel().tolist()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def _free(value: Any) -> Any:
    """Encode what has no annotation, so that tuples, lists and mappings can be told apart."""
    known = CLASSES.get(type(value).__name__) is type(value)
    if isinstance(value, tuple) and not known:
        return {"tuple": [_free(item) for item in value]}
    if isinstance(value, list):
        return [_free(item) for item in value]
    if isinstance(value, Mapping):
        return {"mapping": {str(key): _free(item) for key, item in value.items()}}
    if isinstance(value, float) and not isinstance(value, np.generic) and not math.isfinite(value):
        return {"float": str(value)}
    if is_dataclass(value) and not known:
        return {"opaque": repr(value)}
    return encode(value)
