"""Frozen dataclasses to plain JSON values and back, exactly, by their annotations: a new event needs no line here.

A dataclass becomes {"type": its name, field: value ...}, a tuple a list, a float that JSON does not know "inf", "-inf"
or "nan", an array {"dtype", "shape", "data"} with numbers or, where it is long, base64. What a Python stage returned
and JSON does not know is kept as {"opaque": its repr}: it cannot be read back.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from edgeai import messages, values
from edgeai.errors import RecordingError
from edgeai.perception.tracking import book, motion, tracks
from edgeai.schedule import commands, events, policy, workload

__all__ = ["Policies", "decode", "decode_policy", "encode", "encode_policy", "from_bytes", "to_bytes"]

_LONG = 4096
"""Elements of an array beyond which it is written as base64."""

_DEEPEST = 32
_DTYPES = frozenset(("bool", "uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "float32", "float64"))
_STRANGE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}

Policies = Callable[[str], type]
"""From the name of a policy's plug-in to its class; raises EdgeAIError."""


def _frozen(module: types.ModuleType) -> dict[str, type]:
    found = {name: value for name, value in vars(module).items() if isinstance(value, type) and is_dataclass(value)}
    return {name: value for name, value in found.items() if value.__module__ == module.__name__}


_CLASSES: dict[str, type] = {
    **_frozen(workload),
    "Choice": policy.Choice,
    "Aim": policy.Aim,
    **_frozen(values),
    **_frozen(messages),
    **_frozen(motion),
    **_frozen(tracks),
    **_frozen(book),
    **_frozen(commands),
    **_frozen(events),
}
"""What may be named in a file: all values of these modules. Nothing else is ever made from a file's content."""


# -- JSON ----------------------------------------------------------------------------------------------------------


def to_bytes(plain: Any) -> bytes:
    """Return plain values as compact JSON in UTF-8."""
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> Any:
    """Return the plain values of JSON. Raises RecordingError."""
    try:
        return json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RecordingError(
            f"a message is no JSON ({error}): the file is damaged, or not written by edgeai"
        ) from error


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


# -- to plain values -----------------------------------------------------------------------------------------------


def encode(value: Any) -> Any:
    """Return a value as plain JSON values."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return _array(np.asarray(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    return {"opaque": repr(value)}


def _record(value: Any) -> Any:
    plain: dict[str, Any] = {"type": type(value).__name__}
    for name, hint in _hints(value.__class__).items():
        item = getattr(value, name)
        if hint is policy.Policy:
            plain[name] = encode_policy(item)
        elif hint is Any:
            plain[name] = _free(item)
        elif get_args(hint)[-1:] == (Any,) and isinstance(item, Mapping):
            plain[name] = dict(item)  # plain values already
        else:
            plain[name] = encode(item)
    return plain


def _free(value: Any) -> Any:
    """Encode what has no annotation, so that tuples, lists and mappings can be told apart."""
    if isinstance(value, tuple):
        return {"tuple": [_free(item) for item in value]}
    if isinstance(value, list):
        return [_free(item) for item in value]
    if isinstance(value, Mapping):
        return {"mapping": {str(key): _free(item) for key, item in value.items()}}
    if isinstance(value, float) and not isinstance(value, np.generic) and not math.isfinite(value):
        return {"float": str(value)}
    if is_dataclass(value) and _CLASSES.get(type(value).__name__) is not type(value):
        return {"opaque": repr(value)}
    return encode(value)


def encode_policy(value: Any) -> Any:
    """Return a policy as the name of its plug-in and its options."""
    state = {field.name: encode(getattr(value, field.name)) for field in fields(value)} if is_dataclass(value) else {}
    return {"policy": type(value).__module__.rpartition(".")[2], "options": state}


def _array(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.name not in _DTYPES:
        return {"opaque": repr(array)}
    shape = list(array.shape)
    if array.size > _LONG or (array.dtype.kind == "f" and not np.isfinite(array).all()):
        data: Any = base64.b64encode(
            np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        ).decode()
    else:
        data = array.ravel().tolist()
    return {"dtype": array.dtype.name, "shape": shape, "data": data}


# -- from plain values ---------------------------------------------------------------------------------------------


def decode(plain: Any, cls: Any, policies: Policies | None = None) -> Any:
    """Return the value of type `cls` (a class, or a union of them) that `encode` made `plain` of.

    `policies` finds the class of a policy by its plug-in's name. Raises RecordingError for anything else.
    """
    try:
        return _decode(plain, cls, policies, 0)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        if isinstance(error, RecordingError):
            raise
        raise _wrong(plain, cls) from error


def _decode(plain: Any, hint: Any, policies: Policies | None, depth: int) -> Any:
    if depth > _DEEPEST:
        raise RecordingError("a message is nested too deeply: the file is damaged, or not written by edgeai")
    origin = get_origin(hint)
    if hint is policy.Policy:
        return decode_policy(plain, policies)
    if isinstance(hint, type) and is_dataclass(hint):
        return _made(plain, hint, policies, depth)
    if hint is Any or hint is object:
        return _freed(plain, policies, depth)
    if origin in (Union, types.UnionType):
        return _one_of(plain, get_args(hint), policies, depth)
    if origin is Literal:
        return _checked(plain, plain in get_args(hint), hint)
    if origin is tuple:
        return _tuple(plain, get_args(hint), policies, depth)
    if origin is np.ndarray:
        return _unpacked(plain)
    if origin is not None and isinstance(plain, dict) and issubclass(origin, Mapping):
        if get_args(hint)[1] is Any:
            return plain
        return {key: _decode(item, get_args(hint)[1], policies, depth + 1) for key, item in plain.items()}
    if hint is float:
        if isinstance(plain, str) and plain in _STRANGE:
            return _STRANGE[plain]
        return _checked(plain, isinstance(plain, float | int), hint)
    if hint is type(None):
        return _checked(plain, plain is None, hint)
    return _checked(plain, type(plain) is hint, hint)


def _checked(plain: Any, fits: bool, hint: Any) -> Any:
    if not fits:
        raise _wrong(plain, hint)
    return plain


def _wrong(plain: Any, hint: Any) -> RecordingError:
    wanted = getattr(hint, "__name__", str(hint))
    return RecordingError(f"a message holds {str(plain)[:60]!r} where {wanted} belongs: the file is damaged")


def _made(plain: Any, cls: type, policies: Policies | None, depth: int) -> Any:
    if not isinstance(plain, dict) or plain.get("type", cls.__name__) != cls.__name__:
        raise _wrong(plain, cls)
    hints = _hints(cls)
    unknown = plain.keys() - hints.keys() - {"type"}
    if unknown:
        raise RecordingError(
            f"{cls.__name__} has no field {sorted(unknown)[0]!r}: a newer edgeai may have written this"
        )
    return cls(**{k: _decode(v, hints[k], policies, depth + 1) for k, v in plain.items() if k != "type"})


def _one_of(plain: Any, choices: tuple[Any, ...], policies: Policies | None, depth: int) -> Any:
    if plain is None and type(None) in choices:
        return None
    named = plain.get("type") if isinstance(plain, dict) else None
    for choice in choices:
        if named is not None and is_dataclass(choice) and getattr(choice, "__name__", None) != named:
            continue
        if choice is type(None):
            continue
        try:
            return _decode(plain, choice, policies, depth + 1)
        except RecordingError:
            if named is not None and is_dataclass(choice):
                raise
    raise RecordingError(
        f"a message holds {str(plain)[:60]!r}, which is none of what may be there: the file is damaged"
    )


def _tuple(plain: Any, parts: tuple[Any, ...], policies: Policies | None, depth: int) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise _wrong(plain, tuple)
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_decode(item, parts[0], policies, depth + 1) for item in plain)
    if len(plain) != len(parts):
        raise _wrong(plain, tuple)
    return tuple(_decode(item, part, policies, depth + 1) for item, part in zip(plain, parts, strict=True))


def _freed(plain: Any, policies: Policies | None, depth: int) -> Any:
    """Return what has no annotation: plain values, arrays, and the values of `edgeai.messages`."""
    if depth > _DEEPEST:
        raise _wrong(plain, "something flatter")
    if isinstance(plain, list):
        return [_freed(item, policies, depth + 1) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if "type" in plain:
        cls = _CLASSES.get(plain["type"])
        if cls is None:
            raise _wrong(plain, "a value that edgeai knows")
        return _made(plain, cls, policies, depth)
    if "dtype" in plain:
        return _unpacked(plain)
    if "tuple" in plain:
        return tuple(_freed(item, policies, depth + 1) for item in plain["tuple"])
    if "mapping" in plain:
        return {key: _freed(item, policies, depth + 1) for key, item in plain["mapping"].items()}
    if "float" in plain:
        return _STRANGE[plain["float"]]
    return plain


def decode_policy(plain: Any, policies: Policies | None) -> Any:
    """Return the policy that `encode_policy` made `plain` of. Raises RecordingError, or what `policies` raises."""
    if policies is None:
        raise RecordingError("the recording names a policy: say where policies are found")
    cls = policies(str(plain["policy"]))
    hints = _hints(cls) if is_dataclass(cls) else {}
    return cls(**{key: _decode(value, hints[key], None, 0) for key, value in plain["options"].items()})


def _unpacked(plain: Any) -> Any:
    dtype, shape, data = plain["dtype"], plain["shape"], plain["data"]
    if dtype not in _DTYPES or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > _DEEPEST:
        raise _wrong(plain, "an array")
    if isinstance(data, str):
        try:
            raw = base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise _wrong(plain, "an array") from error
        array = np.frombuffer(raw, np.dtype(dtype).newbyteorder("<")).astype(dtype)
    else:
        array = np.asarray(data, dtype)
    if array.ndim != 1 or array.size != math.prod(shape):
        raise _wrong(plain, "an array")
    return array.reshape(shape)


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    """Return the annotations of a dataclass's fields, in order."""
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls) if not field.metadata.get("transient")}
