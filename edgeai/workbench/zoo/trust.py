"""Whom the user trusts: the keys of zoos and the addresses of their mirrors, in ~/.config/edgeai/zoos.json."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter, ValidationError

from edgeai.errors import ConfigError, Problem
from edgeai.workbench.zoo.keys import fingerprint, read_public
from edgeai.zoo import cache_folder, config_folder

__all__ = ["Trusted", "load", "store", "trust"]

_MAX_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Trusted:
    """A public key, written, and where its manifest and files are found, in the order in which they are tried."""

    key: str
    mirrors: Annotated[tuple[str, ...], Field(min_length=1)]

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}

    @property
    def folder(self) -> Path:
        """The zoo's folder in the cache."""
        return cache_folder() / fingerprint(read_public(self.key))


def path() -> Path:
    """Return the file of trusted zoos."""
    return config_folder() / "zoos.json"


def load() -> tuple[Trusted, ...]:
    """Return the zoos that are trusted; none before the first was added. Raises ConfigError."""
    file = path()
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
        zoos = TypeAdapter(tuple[Trusted, ...]).validate_json(content)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigError(Problem("", error.strerror or "a failure", "a file that can be read", str(file))) from error
    except ValidationError as error:
        expected = "zoos as `edgeai models add` writes them"
        raise ConfigError(
            Problem("", error.errors()[0]["msg"], expected, str(file), hint="correct or remove it")
        ) from error
    for zoo in zoos:
        read_public(zoo.key)
    return zoos


def trust(zoos: tuple[Trusted, ...], key: str, mirror: str) -> tuple[Trusted, ...]:
    """Return the zoos with one more, or with one more mirror of a zoo whose key is known; it is tried first."""
    key = key.strip()
    others = tuple(zoo for zoo in zoos if zoo.key != key)
    known = next((zoo.mirrors for zoo in zoos if zoo.key == key), ())
    return (*others, Trusted(key, (mirror, *(each for each in known if each != mirror))))


def store(zoos: tuple[Trusted, ...]) -> None:
    """Write the zoos, whole or not at all. Raises ConfigError."""
    file = path()
    written = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(json.dumps([asdict(zoo) for zoo in zoos], indent=1) + "\n")
        os.replace(written, file)
    except OSError as error:
        raise ConfigError(
            Problem("", error.strerror or "a failure", "a file that may be written", str(file))
        ) from error
