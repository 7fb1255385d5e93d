"""The manifests of trusted zoos: fetched, verified by their keys, and kept as they are."""

from __future__ import annotations

import os
from pathlib import Path

from edgeai.clock import Clock, SystemClock
from edgeai.errors import ModelError
from edgeai.workbench.zoo import keys
from edgeai.workbench.zoo.fetch import fetch_small
from edgeai.workbench.zoo.mirror import mirror
from edgeai.workbench.zoo.trust import Trusted
from edgeai.zoo import MANIFEST, MAX_MANIFEST, Manifest, parse_manifest

__all__ = ["SIGNATURE", "known", "refresh"]

SIGNATURE = MANIFEST + ".sig"
_MAX_SIGNATURE = 1 << 10


def refresh(zoo: Trusted, clock: Clock | None = None) -> Manifest:
    """Fetch a zoo's manifest from the first mirror that has a good one, verify it, and keep it.

    Raises ModelError that says for each mirror what went wrong; an older edition than the one at hand is refused.
    """
    clock, failures = clock or SystemClock(), []
    for address in zoo.mirrors:
        try:
            source = mirror(address)
            content = fetch_small(source, MANIFEST, MAX_MANIFEST, clock)
            signature = fetch_small(source, SIGNATURE, _MAX_SIGNATURE, clock)
            keys.verify(keys.read_public(zoo.key), content, signature, f"of {address}")
            manifest = parse_manifest(content, f"of {address}")
            _check_serial(manifest, zoo, address)
        except ModelError as error:
            failures.append(str(error))
            continue
        _keep(zoo.folder / MANIFEST, content)
        _keep(zoo.folder / SIGNATURE, signature)
        return manifest
    raise ModelError("; ".join(failures))


def _check_serial(manifest: Manifest, zoo: Trusted, address: str) -> None:
    try:
        old = known(zoo).serial
    except ModelError:
        return
    if manifest.serial < old:
        raise ModelError(f"{address} has edition {manifest.serial} of {manifest.zoo}, older than the {old} at hand")


def known(zoo: Trusted) -> Manifest:
    """Return the manifest at hand, verified again. Raises ModelError, where there is none, too."""
    path = zoo.folder / MANIFEST
    try:
        with path.open("rb") as file, (zoo.folder / SIGNATURE).open("rb") as signature:
            content, signed = file.read(MAX_MANIFEST + 1), signature.read(_MAX_SIGNATURE)
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read: `edgeai models list --update` fetches it") from error
    keys.verify(keys.read_public(zoo.key), content, signed, str(path))
    return parse_manifest(content, str(path))


def _keep(path: Path, content: bytes) -> None:
    written = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(content)
        os.replace(written, path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be written ({error.strerror}): correct its permissions, or make room"
        ) from error
