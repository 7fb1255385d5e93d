"""A file brought here from mirrors: resumed where it broke off, and never longer or other than the manifest states."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgeai.clock import NS, Clock
from edgeai.errors import ModelError
from edgeai.workbench.zoo.mirror import Mirror
from edgeai.zoo import Blob

__all__ = ["Pace", "Progress", "fetch", "fetch_small"]

Progress = Callable[[int], None]
"""Called with the bytes of a file that are here."""

_ATTEMPTS = 5
"""Times that one mirror may break off, as long as each time brings something."""
_CHUNK = 1 << 20


@dataclass(slots=True)
class Pace:
    """Gives up a mirror that brings less than `least` bytes in `seconds`, however often it says something."""

    clock: Clock
    least: int = 4096
    seconds: float = 30.0
    _since: int | None = None
    _brought: int = 0

    def check(self, brought: int) -> None:
        """Take note of bytes brought. Raises ModelError when they come too slowly."""
        now = self.clock.now()
        if self._since is None:
            self._since = now
        self._brought += brought
        if now - self._since < self.seconds * NS:
            return
        if self._brought < self.least:
            raise ModelError(f"it brings {self._brought} bytes in {self.seconds:g} s: try again, or another mirror")
        self._since, self._brought = now, 0


def fetch_small(mirror: Mirror, file: str, most: int, clock: Clock) -> bytes:
    """Return a file of at most `most` bytes, whose length nobody knows. Raises ModelError."""
    pace, content = Pace(clock), bytearray()
    with mirror.open(file) as chunks:
        while chunk := chunks.read():
            pace.check(len(chunk))
            content += chunk
            if len(content) > most:
                raise ModelError(f"{file} is larger than {most} bytes: it is not used")
    return bytes(content)


def fetch(
    mirrors: Sequence[Mirror], blob: Blob, target: Path, clock: Clock, progress: Progress = lambda here: None
) -> None:
    """Bring a file to `target`, whole and verified; what is there of it from last time is kept and continued.

    The mirrors are tried in order. Raises ModelError that says for each what went wrong.
    """
    failures: list[str] = []
    with _locked(target) as part:
        for mirror in mirrors:
            try:
                return _complete(mirror, blob, part, clock, progress)
            except ModelError as error:
                failures.append(str(error))
    raise ModelError("; ".join(dict.fromkeys(failures)) or f"{blob.file} has no mirror: add one")


def _complete(mirror: Mirror, blob: Blob, part: IO[bytes], clock: Clock, progress: Progress) -> None:
    """Fill a file up and verify it; one whose beginning was another's is fetched anew, once. Raises ModelError."""
    begun = part.seek(0, os.SEEK_END)
    _bring(mirror, blob, part, clock, progress)
    try:
        _verify(blob, part)
    except ModelError:
        if not begun:
            raise
        _bring(mirror, blob, part, clock, progress)
        _verify(blob, part)


@contextmanager
def _locked(target: Path) -> Iterator[IO[bytes]]:
    """Open the file to be completed, alone. Raises ModelError while another process completes it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644), "r+b")
    except OSError as error:
        raise ModelError(f"{target} cannot be written ({error.strerror}): correct its permissions") from error
    with part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ModelError(f"{target} is being fetched by another process: wait for it") from error
        yield part


def _bring(mirror: Mirror, blob: Blob, part: IO[bytes], clock: Clock, progress: Progress) -> None:
    """Fill a file up to the length it shall have, in as many attempts as bring something."""
    for _ in range(_ATTEMPTS):
        here = part.seek(0, os.SEEK_END)
        if here > blob.bytes:
            here = part.truncate(0)
        if here == blob.bytes:
            return
        broke = _attempt(mirror, blob, part, here, clock, progress)
        now_here = part.seek(0, os.SEEK_END)
        if now_here == blob.bytes:
            return
        if now_here <= here:
            raise broke or ModelError(f"{blob.file} ends after {now_here} of {blob.bytes} bytes: try another mirror")
    raise ModelError(f"{blob.file} broke off {_ATTEMPTS} times: `edgeai models pull` again continues it")


def _attempt(
    mirror: Mirror, blob: Blob, part: IO[bytes], start: int, clock: Clock, progress: Progress
) -> ModelError | None:
    """Append what a mirror gives; return what broke it off. Raises ModelError for more than there shall be."""
    pace = Pace(clock)
    try:
        with mirror.open(blob.file, start) as chunks:
            if chunks.start != start:
                part.truncate(0)
            here = part.seek(0, os.SEEK_END)
            if chunks.start != here:
                return ModelError(f"{blob.file} is given from byte {chunks.start} on and not from {here}")
            for chunk in iter(chunks.read, b""):
                pace.check(len(chunk))
                here += len(chunk)
                if here > blob.bytes:
                    break
                _write(part, chunk)
                progress(here)
    except ModelError as error:
        return error
    if here > blob.bytes:
        part.truncate(0)
        raise ModelError(f"{blob.file} is larger than the {blob.bytes} bytes its manifest states: it is not used")
    return None


def _write(part: IO[bytes], chunk: bytes) -> None:
    try:
        part.write(chunk)
        part.flush()
    except OSError as error:
        raise ModelError(f"the cache cannot be written ({error.strerror}): make room in it") from error


def _verify(blob: Blob, part: IO[bytes]) -> None:
    """Hash a file, and empty one that is other than stated, to begin anew. Raises ModelError."""
    part.seek(0)
    digest = hashlib.sha256()
    while chunk := part.read(_CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != blob.sha256:
        part.truncate(0)
        raise ModelError(
            f"{blob.file} is another file than the manifest states (sha256 {digest.hexdigest()[:12]}…, not "
            f"{blob.sha256[:12]}…): it is not used"
        )
    os.fsync(part.fileno())
