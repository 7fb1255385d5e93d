"""A zoo of one's own: a folder of models with a signed manifest, to be copied to any server as it is."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeai.errors import ConfigError, ModelError, Problem
from edgeai.workbench.zoo import keys
from edgeai.workbench.zoo.vet import Vetted, vet
from edgeai.zoo import (
    MANIFEST,
    MAX_MANIFEST,
    Accuracy,
    Blob,
    Family,
    Manifest,
    Variant,
    is_name,
    parse_manifest,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["publish"]


@dataclass(frozen=True, slots=True)
class _Copy:
    source: Path
    blob: Blob


def publish(folder: Path, family: str, models: Sequence[Path], key: Ed25519PrivateKey, zoo: str = "") -> Manifest:
    """Copy models with their cards into a zoo's folder, as a family, and sign the manifest anew.

    Task, licence, origin and accuracies are those of the cards, variants are named as their files; a family of that
    name is replaced.
    zoo: what the zoo is called, where it is new; else the folder's name. Raises ConfigError, ModelError.
    """
    if not is_name(family):
        raise ConfigError(Problem("NAME", repr(family), "a name of letters, digits and . _ -"))
    vetted = [vet(path) for path in models]
    made, copies = _family(family, vetted)
    old = _open(folder, key, zoo)
    families = [each for each in old.families if each.name != family]
    manifest = replace(old, serial=old.serial + 1, families=(*families, made))
    content = _written(manifest)
    parse_manifest(content, "to be signed")
    try:
        for copy in copies:
            _copy(copy.source, folder / copy.blob.file)
        _write(folder / MANIFEST, content)
        _write(folder / f"{MANIFEST}.sig", keys.sign(key, content))
    except OSError as error:
        found = f"{folder} ({error.strerror})"
        raise ConfigError(Problem("--to", found, "a folder that may be written")) from error
    return manifest


def _family(name: str, models: Sequence[Vetted]) -> tuple[Family, list[_Copy]]:
    if not models:
        raise ConfigError(Problem("MODEL", "none", "one model or more, cheapest first"))
    variants, copies = [], []
    for model in models:
        variant, files = _variant(name, model)
        variants.append(variant)
        copies += files
    if len({variant.name for variant in variants}) < len(variants):
        raise ConfigError(Problem("MODEL", "two files of one name", "a name for each variant: rename a file"))
    return (
        Family(
            name=name,
            **{key: _same(key, models) for key in _TOLD},
            description=models[0].card.description,
            variants=tuple(variants),
        ),
        copies,
    )


_TOLD = ("task", "licence", "origin")
"""What every card of a family has to say, all the same; origins may differ."""


def _same(key: str, models: Sequence[Vetted]) -> str:
    """Return what all cards say under a key. Raises ModelError where one says nothing, or another thing."""
    said = {str(getattr(model.card, key) or "") for model in models}
    if "" in said:
        silent = {model.path.stem: [k for k in _TOLD if not getattr(model.card, k)] for model in models}
        lacks = "; ".join(f"{name} its {' and '.join(keys)}" for name, keys in silent.items() if keys)
        raise ModelError(f"the cards do not say all that a zoo has to tell: {lacks}: write it there")
    if len(said) > 1 and key != "origin":
        raise ModelError(f"the cards name several things as {key} ({', '.join(sorted(said))}): a family has one")
    return "; ".join(sorted(said))


def _variant(family: str, model: Vetted) -> tuple[Variant, list[_Copy]]:
    name = model.path.stem
    if not is_name(name):
        raise ConfigError(Problem("MODEL", repr(model.path.name), "a file named by letters, digits and . _ -"))
    files = [_copy_of(model.path, f"{family}/{name}.tflite")]
    files.append(_copy_of(model.path.with_suffix(".yaml"), f"{family}/{name}.yaml"))
    if model.labels is not None:
        files.append(_copy_of(model.labels, f"{family}/{model.labels.name}"))
    said = model.card.accuracy
    accuracy = None
    if said is not None:
        accuracy = Accuracy(metric=said.metric, value=said.value, dataset=said.dataset, better=said.better)
    labels = files[2].blob if model.labels is not None else None
    return Variant(name=name, model=files[0].blob, card=files[1].blob, labels=labels, accuracy=accuracy), files


def _copy_of(source: Path, file: str) -> _Copy:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise ModelError(f"{source} cannot be read ({error.strerror}): correct its permissions") from error
    return _Copy(source, Blob(file=file, bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))


def _open(folder: Path, key: Ed25519PrivateKey, zoo: str) -> Manifest:
    """Return the manifest that is there, if this key signed it, else an empty one."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file, (folder / f"{MANIFEST}.sig").open("rb") as signature:
            content = file.read(MAX_MANIFEST + 1)
            keys.verify(keys.read_public(keys.public_of(key)), content, signature.read(1 << 10), str(path))
        return parse_manifest(content, str(path))
    except FileNotFoundError as error:
        if path.exists():
            raise ModelError(f"{path} has no signature beside it: nothing is added to it") from error
    except OSError as error:
        raise ConfigError(Problem("--to", f"{folder} ({error.strerror})", "a zoo's folder, or a new one")) from error
    name = zoo or folder.absolute().name
    if not is_name(name):
        raise ConfigError(Problem("--zoo", repr(name), "a name of letters, digits and . _ -"))
    return Manifest(schema=1, zoo=name, serial=0)


def _written(manifest: Manifest) -> bytes:
    return (json.dumps(_without_empty(asdict(manifest)), indent=1, ensure_ascii=False) + "\n").encode()


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item not in (None, "")}
    return [_without_empty(item) for item in value] if isinstance(value, list | tuple) else value


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.exists() and target.samefile(source)):
        shutil.copyfile(source, target)


def _write(path: Path, content: bytes) -> None:
    written = path.with_name(path.name + ".new")
    written.write_bytes(content)
    os.replace(written, path)
