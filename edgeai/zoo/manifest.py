"""A manifest: the families of a zoo, and the size and hash of every file of theirs.

    {"schema": 1, "zoo": "acme", "serial": 3, "families": [
      {"name": "mobilenet-v1", "task": "classification", "licence": "Apache-2.0", "origin": "https://…",
       "variants": [
         {"name": "0.25-128", "accuracy": {"metric": "top-1", "value": 0.415},
          "model": {"file": "mobilenet-v1/0.25-128.tflite", "bytes": 525598, "sha256": "…"},
          "card":  {"file": "mobilenet-v1/0.25-128.yaml", "bytes": 412, "sha256": "…"}}]}]}

The signature lies beside it and is over these very bytes. `serial` grows with each edition, so that an old manifest,
though well signed, is not taken for a new one. Variants are a ladder, in the manifest's order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from edgeai.errors import ModelError
from edgeai.zoo.names import is_name, is_path

__all__ = ["MAX_MANIFEST", "SCHEMA", "Accuracy", "Blob", "Family", "Manifest", "Variant", "parse_manifest"]

SCHEMA = 1
"""Version of the manifest's form."""

MAX_MANIFEST = 4 << 20
"""Bytes of a manifest at most."""

MAX_MODEL, MAX_CARD, MAX_LABELS = 1 << 31, 64 << 10, 1 << 20
"""Bytes of a model, a card, a label file at most, as those who read them have it."""

_STRICT: Mapping[str, Any] = {"extra": "forbid"}


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError("a name holds letters, digits and . _ - and leads nowhere: no `..`, `/`, `\\`, `:`")
    return text


def _path(text: str) -> str:
    if not is_path(text):
        raise ValueError("a path leads down from the manifest: names with / between them, no `..`, no drive, no root")
    return text


Name = Annotated[str, AfterValidator(_name)]
Path = Annotated[str, AfterValidator(_path)]
Line = Annotated[str, Field(max_length=2000)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file: its path from the manifest's folder, its length, the SHA-256 of its bytes as hexadecimal digits."""

    file: Path
    bytes: Annotated[int, Field(ge=1, lt=MAX_MODEL, strict=True)]
    sha256: Sha256

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.file.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How good a model is: `value` of `metric` on `dataset`."""

    metric: Line
    value: Annotated[float, Field(allow_inf_nan=False)]
    dataset: Line = ""
    better: Literal["higher", "lower"] = "higher"

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One model of a family: its file, its card, and the label file its card names, if it names one."""

    name: Name
    model: Blob
    card: Blob
    labels: Blob | None = None
    accuracy: Accuracy | None = None

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    def __post_init__(self) -> None:
        """Refuse files larger than those who read them take."""
        for what, blob, most in (("card", self.card, MAX_CARD), ("labels", self.labels, MAX_LABELS)):
            if blob is not None and blob.bytes > most:
                raise ValueError(f"the {what} of {self.name} may have {most >> 10} KiB")

    @property
    def bytes(self) -> int:
        """Bytes of all its files."""
        return self.model.bytes + self.card.bytes + (self.labels.bytes if self.labels else 0)

    @property
    def files(self) -> dict[str, Blob]:
        """The files by the name they bear in the cache, where model and card lie side by side."""
        files = {f"{self.name}.tflite": self.model, f"{self.name}.yaml": self.card}
        return files if self.labels is None else {**files, self.labels.name: self.labels}

    @property
    def digest(self) -> str:
        """A hash over all its files: another edition of a variant is another folder."""
        text = "".join(f"{name} {blob.sha256}\n" for name, blob in self.files.items())
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Variants of one task, of which one may stand in for another."""

    name: Name
    task: Line
    licence: Line
    origin: Line
    description: Line = ""
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=200)]

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    def __post_init__(self) -> None:
        """Refuse two variants of one name."""
        _each_once(f"variants of {self.name}", [variant.name for variant in self.variants])

    def variant(self, name: str) -> Variant | None:
        """Return a variant by name, None where there is none."""
        return next((variant for variant in self.variants if variant.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a zoo offers. zoo: what it calls itself. serial: grows with each edition."""

    schema: Literal[1]
    zoo: Name
    serial: Annotated[int, Field(ge=1, lt=1 << 53, strict=True)]
    families: Annotated[tuple[Family, ...], Field(max_length=2000)] = ()

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    def __post_init__(self) -> None:
        """Refuse two families of one name."""
        _each_once("families", [family.name for family in self.families])

    def family(self, name: str) -> Family | None:
        """Return a family by name, None where there is none."""
        return next((family for family in self.families if family.name == name), None)


def _each_once(what: str, names: list[str]) -> None:
    """Names may not differ in upper and lower case alone either: some file systems do not tell them apart."""
    if len({name.lower() for name in names}) < len(names):
        raise ValueError(f"the names of the {what} are each to be there once")


def parse_manifest(content: bytes, where: str) -> Manifest:
    """Read a manifest's bytes; `where` names it in messages. Raises ModelError that names the key."""
    if len(content) > MAX_MANIFEST:
        raise ModelError(f"the manifest {where} is larger than {MAX_MANIFEST >> 20} MiB: it is not used")
    try:
        return TypeAdapter(Manifest).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "document"
        text = f"`{key}` is {repr(first['input'])[:60]}: {first['msg']}"
        raise ModelError(f"the manifest {where} is wrong: {text}; tell whoever publishes it") from error
