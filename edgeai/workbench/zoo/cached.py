"""What is in the cache, and whether it is still what was fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeai.errors import ModelError
from edgeai.workbench.zoo.manifests import known
from edgeai.workbench.zoo.trust import Trusted
from edgeai.zoo import MANIFEST, Blob, Family, Shelf, Variant
from edgeai.zoo.shelf import shipped

__all__ = ["Verdict", "shelves", "unlike", "verify", "wrong"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a variant in the cache: `wrong` is empty when every byte is as its manifest states."""

    name: str
    wrong: str = ""


def shelves(zoos: Sequence[Trusted]) -> tuple[Shelf, ...]:
    """Return the shipped models, and the trusted zoos whose manifest was fetched, verified again. Raises ModelError."""
    fetched = (zoo for zoo in zoos if (zoo.folder / MANIFEST).is_file())
    return (shipped(), *(Shelf(known(zoo), zoo.folder) for zoo in fetched))


def wrong(shelf: Shelf, family: Family, variant: Variant) -> str:
    """Return what is wrong with a variant's files, empty when they are as stated."""
    if shelf.shipped:
        return unlike(shelf.folder, {blob.name: blob for blob in variant.files.values()})
    return unlike(shelf.place(family, variant).parent, variant.files)


def unlike(folder: Path, files: Mapping[str, Blob]) -> str:
    """Return what is wrong with files of a folder, empty when each is as stated."""
    for name, blob in files.items():
        try:
            with (folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        if digest != blob.sha256:
            return f"{name} is not what its manifest states"
    return ""


def verify(zoos: Sequence[Trusted]) -> tuple[Verdict, ...]:
    """Hash every model that is here against its manifest, and each manifest against its zoo's key."""
    verdicts: list[Verdict] = []
    for zoo in (None, *zoos):
        try:
            shelf = shipped() if zoo is None else Shelf(known(zoo), zoo.folder)
        except ModelError as error:
            verdicts.append(Verdict(MANIFEST, str(error)))
        else:
            verdicts += _verdicts(shelf)
    return tuple(verdicts)


def _verdicts(shelf: Shelf) -> list[Verdict]:
    return [
        Verdict(f"{family.name}/{variant.name}", wrong(shelf, family, variant))
        for family in shelf.manifest.families
        for variant in family.variants
        if shelf.place(family, variant).parent.exists()
    ]
