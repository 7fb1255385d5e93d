"""Models fetched from trusted zoos; a folder gets a variant's name when everything in it has been verified."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from edgeai.clock import Clock, SystemClock
from edgeai.errors import ModelError
from edgeai.workbench.zoo.cached import shelves, unlike, wrong
from edgeai.workbench.zoo.fetch import fetch
from edgeai.workbench.zoo.mirror import mirror
from edgeai.workbench.zoo.trust import Trusted
from edgeai.workbench.zoo.vet import vet
from edgeai.zoo import Family, Shelf, Variant, find

__all__ = ["Watch", "pull"]

_FREE = 16 << 20
"""Bytes that are to stay free beside a model."""

Watch = Callable[[str, int, int], None]
"""Called with what is fetched, all of its bytes, and those that are here."""


def pull(
    name: str,
    zoos: Sequence[Trusted],
    clock: Clock | None = None,
    watch: Watch = lambda what, whole, here: None,
) -> tuple[Path, ...]:
    """Fetch what `family` or `family/variant` names, and return the models' files, in the ladder's order.

    What is here already is verified and kept. Raises ModelError, ConfigError; then nothing half-done bears a name.
    """
    shelf, family, variants = find(name, shelves(zoos))
    if not shelf.shipped:
        zoo = next(zoo for zoo in zoos if zoo.folder == shelf.folder)
        _check_room(shelf, family, variants)
        for variant in variants:
            if wrong(shelf, family, variant):
                _pull(zoo, shelf, family, variant, clock or SystemClock(), watch)
    return tuple(shelf.place(family, variant) for variant in variants)


def _check_room(shelf: Shelf, family: Family, variants: Sequence[Variant]) -> None:
    needed = sum(variant.bytes for variant in variants if not shelf.has(family, variant)) + _FREE
    free = shutil.disk_usage(shelf.folder).free
    if free < needed:
        raise ModelError(f"{family.name} needs {needed >> 20} MiB below {shelf.folder} and {free >> 20} MiB are free")


def _pull(zoo: Trusted, shelf: Shelf, family: Family, variant: Variant, clock: Clock, watch: Watch) -> None:
    mirrors = [mirror(address) for address in zoo.mirrors]
    parts = shelf.folder / "partial"
    for blob in variant.files.values():
        what, whole = f"{family.name}/{variant.name} {blob.name}", blob.bytes
        fetch(mirrors, blob, parts / blob.sha256, clock, partial(watch, what, whole))
    with _staged(shelf.folder) as folder:
        for file, blob in variant.files.items():
            shutil.copyfile(parts / blob.sha256, folder / file)
        _check(folder, family, variant)
        _place(folder, shelf.place(family, variant).parent)
    for blob in variant.files.values():
        (parts / blob.sha256).unlink(missing_ok=True)


@contextmanager
def _staged(parent: Path) -> Iterator[Path]:
    """Give a folder of the same file system that is gone afterwards, unless it was moved."""
    folder = Path(tempfile.mkdtemp(prefix=".pull-", dir=parent))
    try:
        folder.chmod(0o755)
        yield folder
    except OSError as error:
        raise ModelError(
            f"{parent} cannot be written ({error.strerror}): correct its permissions, or make room"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(folder: Path, family: Family, variant: Variant) -> None:
    """Look whether the files are whole and are what they are called. Raises ModelError."""
    if trouble := unlike(folder, variant.files):
        raise ModelError(f"{family.name}/{variant.name}: {trouble}; pull it again")
    found = vet(folder / f"{variant.name}.tflite")
    named = None if found.labels is None else found.labels.name
    stated = None if variant.labels is None else variant.labels.name
    if named != stated:
        raise ModelError(f"the card of {family.name}/{variant.name} names the labels {named}, its manifest {stated}")
    if found.card.task not in (None, family.task):
        raise ModelError(f"the card of {family.name}/{variant.name} is of {found.card.task}, not of {family.task}")


def _place(folder: Path, target: Path) -> None:
    """Move a whole folder to its name; what was there was found damaged."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    os.rename(folder, target)
