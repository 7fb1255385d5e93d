"""Where the files of zoos lie, and what a name leads to. Reads the cache; never the network.

    ~/.cache/edgeai/zoo/<zoo>/manifest.json, manifest.json.sig       as they were fetched and verified
    ~/.cache/edgeai/zoo/<zoo>/<family>/<variant>-<digest>/           <variant>.tflite, its card, its labels

`<zoo>` is the beginning of its key's hash. A folder gets its name when everything in it has been verified. The models
shipped with edgeai are a family like any other, on a shelf of their own that needs neither key nor cache.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from edgeai.errors import ModelError
from edgeai.plugins import near_miss
from edgeai.zoo.manifest import MAX_MANIFEST, Family, Manifest, Variant, parse_manifest
from edgeai.zoo.names import SCHEME, Reference

__all__ = ["MANIFEST", "Shelf", "cache_folder", "config_folder", "expand", "find", "shelves", "shipped"]

MANIFEST = "manifest.json"
_SHIPPED = "zoo.json"


def cache_folder() -> Path:
    """Return the folder of everything pulled: below $XDG_CACHE_HOME, else ~/.cache."""
    return _xdg("XDG_CACHE_HOME", ".cache") / "zoo"


def config_folder() -> Path:
    """Return the folder of what the user decided, such as whom to trust: below $XDG_CONFIG_HOME, else ~/.config."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def _xdg(variable: str, default: str) -> Path:
    """Return edgeai's folder below a base directory; as the XDG specification has it, a relative one is ignored."""
    named = os.environ.get(variable, "")
    return (Path(named) if os.path.isabs(named) else Path.home() / default) / "edgeai"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A manifest and the folder where its models lie, or will; `shipped`: with edgeai itself, side by side."""

    manifest: Manifest
    folder: Path
    shipped: bool = False

    def place(self, family: Family, variant: Variant) -> Path:
        """Return where a variant's model lies when it has been pulled."""
        if self.shipped:
            return self.folder / variant.model.name
        return self.folder / family.name / f"{variant.name}-{variant.digest}" / f"{variant.name}.tflite"

    def has(self, family: Family, variant: Variant) -> bool:
        """Say whether a variant is here, by its length; `edgeai models verify` looks at every byte."""
        try:
            return self.place(family, variant).stat().st_size == variant.model.bytes
        except OSError:
            return False


def shelves() -> tuple[Shelf, ...]:
    """Return the shipped models, and the zoos whose manifest was fetched, in a fixed order. Raises ModelError."""
    try:
        folders = sorted(folder for folder in cache_folder().iterdir() if (folder / MANIFEST).is_file())
    except OSError:
        folders = []
    return (shipped(), *(Shelf(_read(folder / MANIFEST), folder) for folder in folders))


def shipped() -> Shelf:
    """Return the shelf of the models that come with edgeai."""
    folder = Path(str(files("edgeai.pilots")))
    return Shelf(_read(folder / _SHIPPED), folder, shipped=True)


def _read(path: Path) -> Manifest:
    try:
        with path.open("rb") as file:
            return parse_manifest(file.read(MAX_MANIFEST + 1), str(path))
    except OSError as error:
        raise ModelError(f"the manifest {path} cannot be read ({error.strerror}): correct its permissions") from error


def find(name: str, known: Sequence[Shelf] | None = None) -> tuple[Shelf, Family, tuple[Variant, ...]]:
    """Return what `zoo:family` or `zoo:family/variant` names: all variants, or one. They need not have been pulled.

    Raises ModelError for a name that no zoo has, or two have.
    """
    known = shelves() if known is None else known
    reference = Reference.parse(name)
    if reference is None:
        raise ModelError(f"{name!r} names no model of a zoo: write {SCHEME}FAMILY or {SCHEME}FAMILY/VARIANT")
    found = [(shelf, family) for shelf in known if (family := shelf.manifest.family(reference.family)) is not None]
    if not found:
        families = [family.name for shelf in known for family in shelf.manifest.families]
        hint = near_miss(reference.family, families) or "`edgeai models list` tells what there is"
        raise ModelError(f"no zoo has a family {reference.family!r}: {hint}; `edgeai models add` adds a zoo")
    if len(found) > 1:
        owners = " and ".join(shelf.manifest.zoo for shelf, _ in found)
        raise ModelError(f"the zoos {owners} both have a family {reference.family!r}: remove one from zoos.json")
    shelf, family = found[0]
    if reference.variant is None:
        return shelf, family, family.variants
    variant = family.variant(reference.variant)
    if variant is None:
        names = [variant.name for variant in family.variants]
        hint = near_miss(reference.variant, names) or f"there are: {', '.join(names[:8])}"
        raise ModelError(f"{family.name} has no variant {reference.variant!r}: {hint}")
    return shelf, family, (variant,)


def expand(name: str) -> tuple[tuple[str, Path], ...]:
    """Return the models of `zoo:family` as (`zoo:family/variant`, file), in the ladder's order.

    Raises ModelError for an unknown name, and for models that have not been pulled.
    """
    shelf, family, variants = find(name)
    missing = [variant.name for variant in variants if not shelf.has(family, variant)]
    if missing:
        what = f"{family.name}/{missing[0]}" if len(variants) == 1 else f"{', '.join(missing[:6])} of {family.name}"
        raise ModelError(f"{what} is not here: `edgeai models pull {name.removeprefix(SCHEME)}` fetches it")
    return tuple((f"{SCHEME}{family.name}/{each.name}", shelf.place(family, each)) for each in variants)
