"""Mirrors: a folder, or a server by https or http. Each gives a file's bytes from an offset on, and is not believed."""

from __future__ import annotations

import http.client
import os
import re
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit

from edgeai.errors import ConfigError, ModelError, Problem

__all__ = ["Chunks", "FolderMirror", "HttpMirror", "Mirror", "located", "mirror"]

_CHUNK = 64 << 10
_REDIRECTS = 5
_AGENT = "edgeai"


class Chunks(Protocol):
    """A file at a mirror, open. start: the offset it begins at, 0 where the mirror cannot begin elsewhere."""

    start: int

    def read(self) -> bytes:
        """Return the next bytes, none at the end. Raises ModelError."""


class Mirror(Protocol):
    """Where the files of a zoo are copied to."""

    def open(self, file: str, start: int = 0) -> Any:
        """Open a file, from an offset on if the mirror can, as a context of Chunks. Raises ModelError."""


@dataclass(slots=True)
class _Open:
    start: int
    source: Any
    where: str

    def read(self) -> bytes:
        try:
            return bytes(self.source.read1(_CHUNK))
        except (OSError, http.client.HTTPException) as error:
            raise _failure(self.where, error) from error


def _failure(where: str, error: Exception) -> ModelError:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    if isinstance(error, TimeoutError) or isinstance(reason, TimeoutError):
        reason = "it says nothing for too long"
    return ModelError(
        f"{where} cannot be fetched ({str(reason) or type(error).__name__}): try again, or another mirror"
    )


@dataclass(frozen=True, slots=True)
class FolderMirror:
    """A folder on this machine."""

    folder: Path

    @contextmanager
    def open(self, file: str, start: int = 0) -> Iterator[Chunks]:
        """Open a regular file. Raises ModelError."""
        path = self.folder / file
        try:
            # Not to wait for the other end of a pipe.
            opened = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
        except OSError as error:
            raise _failure(str(path), error) from error
        with opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise ModelError(f"{path} is not a file: it is not used")
            opened.seek(start)
            yield _Open(start, opened, str(path))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to https, and from http to http; never to a file, to ftp, or away from encryption."""

    max_redirections = _REDIRECTS

    def http_error_302(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any) -> Any:
        """Follow a redirection to where one may be followed. Raises ModelError for any other."""
        target = urlsplit(urljoin(req.full_url, headers.get("Location", ""))).scheme
        if target != "https" and (target, urlsplit(req.full_url).scheme) != ("http", "http"):
            fp.close()
            raise ModelError(f"{req.full_url} redirects to {target}:, which is not followed: tell its owner")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens http and https, through the proxies of the environment, and nothing else."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


@dataclass(frozen=True, slots=True)
class HttpMirror:
    """A server. timeout: seconds of silence after which it is given up."""

    address: str
    timeout: float = 20.0

    @contextmanager
    def open(self, file: str, start: int = 0) -> Iterator[Chunks]:
        """Ask for a file, by Range from an offset on; a server that does not know Range begins at 0."""
        url = f"{self.address.rstrip('/')}/{quote(file)}"
        headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            response = _opener().open(urllib.request.Request(url, headers=headers), timeout=self.timeout)  # noqa: S310 - the opener knows http and https alone
        except urllib.error.HTTPError as error:
            error.close()
            if start and error.code == 416:
                with self.open(file) as whole:
                    yield whole
                return
            hint = "look at the address" if error.code in (403, 404, 410) else "try again, or another mirror"
            raise ModelError(f"{url} cannot be fetched (HTTP {error.code} {error.reason}): {hint}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _failure(url, error) from error
        with closing(response):
            yield _Open(_began(response, start), response, url)


def _began(response: Any, asked: int) -> int:
    """Return the offset at which a response begins."""
    if response.status != 206:
        return 0
    told = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(told[1]) if told else asked


def mirror(address: str, timeout: float = 20.0) -> Mirror:
    """Return the mirror at an address: https://…, http://…, file:///…, or a folder. Raises ConfigError."""
    expected = "https://…, http://…, file:///… or a folder, in which manifest.json lies"
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ConfigError(Problem("ZOO", repr(address[:120]), expected)) from None
    scheme = parts.scheme.lower()
    if scheme in ("http", "https"):
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            hint = "without user, password, query and fragment"
            raise ConfigError(Problem("ZOO", f"an address at {parts.hostname or 'no host'}", expected, hint=hint))
        return HttpMirror(address.removesuffix("/manifest.json"), timeout)
    if scheme == "file" and parts.netloc in ("", "localhost"):
        return FolderMirror(Path(unquote(parts.path)))
    if scheme or not address.strip() or "\0" in address:
        raise ConfigError(Problem("ZOO", repr(address[:120]), expected))
    return FolderMirror(Path(address).expanduser())


def located(address: str) -> str:
    """Return an address as it is kept: a folder from the root on, another as it is. Raises ConfigError."""
    found = mirror(address)
    return str(found.folder.absolute()) if isinstance(found, FolderMirror) else address
