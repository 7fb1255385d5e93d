"""Plain JSON values back to values: what reads a class is put together when it is first met. Nothing is believed."""

from __future__ import annotations

import base64
import binascii
import functools
import math
import reprlib
import types
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np

from edgeai.errors import RecordingError
from edgeai.recording.codec.registry import CLASSES, DTYPES, STRANGE, hints_of, is_record
from edgeai.schedule import policy

__all__ = ["Policies", "decode", "decode_policy"]

_DEEPEST = 32
"""Levels of what has no annotation; what has one is as deep as its types are."""

Policies = Callable[[str], type]
"""From the name of a policy's plug-in to its class; raises EdgeAIError."""

_Reader = Callable[[Any, Policies | None], Any]


def decode(plain: Any, cls: Any, policies: Policies | None = None) -> Any:
    """Return the value of type `cls` (a class, or a union of them) that `encode` made `plain` of.

    `policies` finds the class of a policy by its plug-in's name. Raises RecordingError for anything else.
    """
    try:
        return _reader(cls)(plain, policies)
    except RecordingError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise _wrong(plain, cls) from error


def decode_policy(plain: Any, policies: Policies | None) -> Any:
    """Return the policy that `encode_policy` made `plain` of. Raises RecordingError, or what `policies` raises."""
    if policies is None:
        raise RecordingError("the recording names a policy: say where policies are found")
    cls = policies(str(plain["policy"]))
    hints = hints_of(cls) if is_dataclass(cls) else {}
    return cls(**{key: _reader(hints[key])(value, None) for key, value in plain["options"].items()})


@functools.cache
def _reader(hint: Any) -> _Reader:
    """Return what reads values with this annotation."""
    origin = get_origin(hint)
    if hint is policy.Policy:
        return decode_policy
    if isinstance(hint, type) and is_record(hint):
        return _record_reader(hint)
    if hint is Any or hint is object:
        return lambda plain, policies: _free(plain, policies, 0)
    if origin in (Union, types.UnionType):
        return _union_reader(get_args(hint))
    if origin is Literal:
        return _literal_reader(get_args(hint))
    if origin is tuple:
        return _tuple_reader(get_args(hint))
    if origin is np.ndarray:
        return lambda plain, policies: _array(plain)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_reader(get_args(hint)[1])
    return _float if hint is float else _exact_reader(hint)


def _wrong(plain: Any, hint: Any) -> RecordingError:
    wanted = getattr(hint, "__name__", str(hint))
    return RecordingError(f"a message holds {reprlib.repr(plain):.60} where {wanted} belongs: the file is damaged")


def _record_reader(cls: type) -> _Reader:
    hints, readers = hints_of(cls), dict[str, _Reader]()
    name = cls.__name__

    def read(plain: Any, policies: Policies | None) -> Any:
        if not isinstance(plain, dict) or plain.get("type", name) != name:
            raise _wrong(plain, cls)
        found = {}
        for key, item in plain.items():
            if key != "type":
                one = readers.get(key)
                if one is None:
                    one = readers[key] = made(key)
                found[key] = one(item, policies)
        return cls(**found)

    def made(key: str) -> _Reader:
        if key not in hints:
            raise RecordingError(f"{name} has no field {key!r:.60}: a newer edgeai may have written this")
        return _reader(hints[key])

    return read


def _union_reader(choices: tuple[Any, ...]) -> _Reader:
    optional = type(None) in choices
    records = {choice.__name__: choice for choice in choices if isinstance(choice, type) and is_record(choice)}
    others = [choice for choice in choices if choice is not type(None) and choice not in records.values()]

    def read(plain: Any, policies: Policies | None) -> Any:
        if plain is None and optional:
            return None
        named = plain.get("type") if isinstance(plain, dict) else None
        if isinstance(named, str) and named in records:
            return _reader(records[named])(plain, policies)
        for choice in others if named is not None else (*records.values(), *others):
            try:
                return _reader(choice)(plain, policies)
            except (RecordingError, TypeError, ValueError, KeyError, AttributeError, OverflowError):
                continue
        raise RecordingError(
            f"a message holds {reprlib.repr(plain):.60}, which is none of what may be there: the file is damaged"
        )

    return read


def _literal_reader(choices: tuple[Any, ...]) -> _Reader:
    def read(plain: Any, policies: Policies | None) -> Any:
        if plain not in choices:
            raise _wrong(plain, " | ".join(map(str, choices)))
        return plain

    return read


def _tuple_reader(parts: tuple[Any, ...]) -> _Reader:
    if len(parts) == 2 and parts[1] is Ellipsis:
        item_reader = _reader(parts[0])

        def read_all(plain: Any, policies: Policies | None) -> Any:
            if not isinstance(plain, list):
                raise _wrong(plain, tuple)
            return tuple([item_reader(item, policies) for item in plain])

        return read_all
    readers = tuple(_reader(part) for part in parts)

    def read_each(plain: Any, policies: Policies | None) -> Any:
        if not isinstance(plain, list) or len(plain) != len(readers):
            raise _wrong(plain, tuple)
        return tuple([one(item, policies) for one, item in zip(readers, plain, strict=True)])

    return read_each


def _mapping_reader(hint: Any) -> _Reader:
    def read(plain: Any, policies: Policies | None) -> Any:
        if not isinstance(plain, dict):
            raise _wrong(plain, dict)
        return plain if hint is Any else {key: _reader(hint)(item, policies) for key, item in plain.items()}

    return read


def _exact_reader(hint: Any) -> _Reader:
    def read(plain: Any, policies: Policies | None) -> Any:
        if type(plain) is not hint:
            raise _wrong(plain, hint)
        return plain

    return read


def _float(plain: Any, policies: Policies | None) -> float:
    if type(plain) is float:
        return plain
    if type(plain) is int:
        return plain
    if isinstance(plain, str) and plain in STRANGE:
        return STRANGE[plain]
    raise _wrong(plain, float)


def _free(plain: Any, policies: Policies | None, depth: int) -> Any:
    """Return what has no annotation: plain values, arrays, and the values that the registry knows."""
    if depth > _DEEPEST:
        raise _wrong(plain, "something flatter")
    if isinstance(plain, list):
        return [_free(item, policies, depth + 1) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if "type" in plain:
        cls = CLASSES.get(plain["type"])
        if cls is None:
            raise _wrong(plain, "a value that edgeai knows")
        return _reader(cls)(plain, policies)
    if "dtype" in plain:
        return _array(plain)
    if "tuple" in plain:
        return tuple(_free(item, policies, depth + 1) for item in plain["tuple"])
    if "mapping" in plain:
        return {key: _free(item, policies, depth + 1) for key, item in plain["mapping"].items()}
    if "float" in plain:
        return STRANGE[plain["float"]]
    return plain


def _array(plain: Any) -> Any:
    dtype, shape, data = plain["dtype"], plain["shape"], plain["data"]
    if dtype not in DTYPES or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > _DEEPEST:
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
