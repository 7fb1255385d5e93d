"""Camera `stream`: RTSP by OpenCV and FFmpeg, and MJPEG over HTTP on a socket of its own."""

from __future__ import annotations

import base64
import select
import socket
import ssl
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import cv2
import numpy as np
import numpy.typing as npt

from edgeai.driver import NS, Camera, CameraOptions, Capture, Clock, Duration
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, DeviceTimeout, Problem

from ._multipart import Chunks, Head, Multipart, Part, WireError
from ._opencv import capture, decode, is_jpeg

_SCHEMES = ("rtsp", "rtsps", "http", "https")
_REDIRECTS = 5
_BAD_PICTURES = 30
"""So many pictures in a row that cannot be decoded are a camera that sends something else."""
_AS_IT_IS = "/?%:@!$&'()*+,;=~[]"
_GULP = 1 << 16
_GULPS = 256


class Stream(Camera):
    """A network camera. Frames bear their time of arrival, or the server's X-Timestamp where it sends one (`device`).

    The newest frame wins: of pictures that arrived together the last is given and the others are counted lost.
    """

    schemes = _SCHEMES

    @dataclass(frozen=True, kw_only=True)
    class Options(CameraOptions):
        """url: rtsp://, rtsps://, http:// or https://, with user:password@ where the camera asks for them.

        timeout: how long to wait for the camera's answer, and over RTSP for each frame.
        """

        url: str
        timeout: Duration = 5.0

    options: Options
    _link: _Link | None = None

    def check(self) -> list[Problem]:
        """Find a URL that is none."""
        problems = super().check()
        try:
            url = urlsplit(self.options.url)
            sound = url.scheme in _SCHEMES and bool(url.hostname) and url.port != 0
        except ValueError:
            sound = False
        if not sound:
            expected = "a URL such as rtsp://host/path or http://host:port/path"
            problems.append(Problem(f"cameras.{self.name}.url", repr(shown(self.options.url)), expected))
        return problems

    def _open(self) -> None:
        for problem in self.check():
            raise DeviceNotFound(f"{self.name}: {problem}")
        over_http = urlsplit(self.options.url).scheme in ("http", "https")
        link: _Link = _Http(self.name, self.options, self._clock) if over_http else _Rtsp(self.name, self.options)
        self._link = link
        link.connect()
        self.stall = max(self.stall, self.options.timeout)

    def _read(self, timeout: float) -> Capture | None:
        assert self._link is not None
        return self._link.read(timeout)

    def _close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


def shown(url: str) -> str:
    """Return a URL as it may be shown: without user, password, query and fragment, in which secrets travel."""
    start, separator, rest = url.rpartition("://") if url.count("://") == 1 else ("", "", url)
    return start + separator + rest.rpartition("@")[2].partition("?")[0].partition("#")[0]


class _Link(Protocol):
    def connect(self) -> None: ...

    def read(self, timeout: float) -> Capture | None: ...

    def close(self) -> None: ...


class _Rtsp:
    """RTSP. FFmpeg cannot be interrupted: a read lasts until the next frame, at most for the option's `timeout`."""

    def __init__(self, name: str, options: Stream.Options) -> None:
        self._url, self._timeout = options.url, options.timeout
        self._says = f"{name}: {shown(options.url)}"
        self._capture: Any = None

    def connect(self) -> None:
        patience = max(1, round(self._timeout * 1000))
        limits = [(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, patience), (cv2.CAP_PROP_READ_TIMEOUT_MSEC, patience)]
        self._capture = capture(self._url, cv2.CAP_FFMPEG, limits)
        if self._capture is None:
            raise DeviceNotFound(
                f"{self._says} gives no stream within {self._timeout:g} s: look whether the camera is on and "
                "reachable, and at its address, path, user and password"
            )

    def read(self, timeout: float) -> Capture | None:
        found, image = self._capture.read()
        if not found:
            raise DeviceLost(
                f"{self._says} ended, or was silent for {self._timeout:g} s: look at the camera, then reopen"
            )
        return Capture(image)

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


class _Http:
    """MJPEG (multipart/x-mixed-replace) over HTTP/1.1. After the answer's head the socket is polled."""

    def __init__(self, name: str, options: Stream.Options, clock: Clock) -> None:
        self._url, self._timeout = options.url, options.timeout
        self._says = f"{name}: {shown(options.url)}"
        self._clock = clock
        self._socket: socket.socket | None = None
        self._chunks: Chunks | None = None
        self._bad = 0
        self._lost = 0
        self._over = False

    def connect(self) -> None:
        url = self._url
        self._give_up = self._clock.now() + round(self._timeout * NS)
        for _ in range(_REDIRECTS):
            head = self._ask(urlsplit(url))
            if head.status not in (301, 302, 303, 307, 308) or "location" not in head.headers:
                self._begin(head)
                return
            self.close()
            try:
                url = _redirected(url, head.headers["location"])
            except ValueError as error:
                raise DeviceError(
                    f"{self._says} leads on to what is no URL: give the URL of the stream itself"
                ) from error
        raise DeviceError(f"{self._says} leads on and on (HTTP {head.status}): give the URL of the stream itself")

    def _ask(self, url: SplitResult) -> Head:
        """Connect, send the request, and receive the head of the answer."""
        if url.scheme not in ("http", "https"):
            raise DeviceError(f"{self._says} leads on to a {url.scheme}: URL: give the URL of the stream itself")
        try:
            port = url.port or (443 if url.scheme == "https" else 80)
            plain = socket.create_connection((url.hostname, port), self._timeout)
            self._socket = plain
            if url.scheme == "https":
                self._socket = ssl.create_default_context().wrap_socket(plain, server_hostname=url.hostname)
            self._socket.sendall(_request(url))
            head = Head()
            while not head.feed(self._receive()):
                pass
        except TimeoutError as error:
            raise DeviceTimeout(
                f"{self._says} does not answer within {self._timeout:g} s: look whether the camera is on and reachable"
            ) from error
        except WireError as error:
            raise DeviceError(f"{self._says}: {error}: look at host and port") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise DeviceNotFound(
                f"{self._says} cannot be reached ({reason}): look whether the camera is on, and at host and port"
            ) from error
        return head

    def _receive(self) -> bytes:
        assert self._socket is not None
        if self._clock.now() > self._give_up:
            raise TimeoutError
        data = self._socket.recv(_GULP)
        if not data:
            raise WireError("the connection was closed before the answer was complete")
        return data

    def _begin(self, head: Head) -> None:
        """Look at the head of the answer, and prepare for what it announces."""
        assert self._socket is not None
        kind = head.headers.get("content-type", "nothing")
        boundary = kind.partition("boundary=")[2].partition(";")[0].strip()
        if head.status in (401, 403):
            raise DeviceNotFound(
                f"{self._says} refuses (HTTP {head.status}): put the right user:password@ before the host; the "
                "camera must take Basic authentication"
            )
        if head.status != 200:
            raise DeviceNotFound(f"{self._says} answers HTTP {head.status}: correct the path of the URL")
        if not kind.lower().startswith("multipart/") or not boundary:
            raise DeviceError(
                f"{self._says} sends {kind!r}, which is no MJPEG stream (multipart/x-mixed-replace): give the camera's "
                "stream URL, or its rtsp:// one"
            )
        self._chunks = Chunks() if head.headers.get("transfer-encoding", "").lower() == "chunked" else None
        self._parts = Multipart(boundary)
        self._waiting = head.rest
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def read(self, timeout: float) -> Capture | None:
        parts = self._cut(self._waiting) if self._waiting else []
        self._waiting = b""
        if not parts and not self._over and self._ready(timeout):
            parts = self._cut(self._drain())
        newest, lost = self._newest(parts)
        if newest is not None:
            image, part = newest
            raw = stamp_of(part)
            encoded = part.body if is_jpeg(part.body) else None
            return Capture(image, raw, "none" if raw is None else "device", lost, encoded)
        self._lost = lost
        if self._over:
            raise DeviceLost(f"{self._says} was closed by the camera: reopen it when the camera is back")
        if self._bad >= _BAD_PICTURES:
            raise DeviceError(f"{self._says} sends pictures that cannot be decoded: set the camera to MJPEG")
        return None

    def _newest(self, parts: list[Part]) -> tuple[tuple[npt.NDArray[np.uint8], Part] | None, int]:
        """Decode the last picture that can be decoded; return it with its part, and how many were lost before it.

        Of a picture behind it that is damaged, the loss is counted with the next.
        """
        for index in reversed(range(len(parts))):
            image = decode(parts[index].body)
            if image is not None:
                lost, self._lost, self._bad = self._lost + index, len(parts) - 1 - index, 0
                return (image, parts[index]), lost
            self._bad += 1
        return None, self._lost + len(parts)

    def _ready(self, timeout: float) -> bool:
        pending = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()
        return bool(pending or self._poll.poll(timeout * 1000))

    def _drain(self) -> bytes:
        """Receive all that has arrived; remember when the other side has closed."""
        assert self._socket is not None
        received = bytearray()
        for _ in range(_GULPS):
            try:
                data = self._socket.recv(_GULP)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError:
                data = b""
            if not data:
                self._over = True
                break
            received += data
        return bytes(received)

    def _cut(self, wire: bytes) -> list[Part]:
        try:
            content = self._chunks.feed(wire) if self._chunks else wire
            parts = self._parts.feed(content)
        except WireError as error:
            raise DeviceError(f"{self._says}: {error}: give the camera's stream URL") from error
        self._over = self._over or self._parts.ended or (self._chunks is not None and self._chunks.ended)
        return parts

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def stamp_of(part: Part) -> int | None:
    """Return the server's own stamp of a picture in ns (X-Timestamp, in seconds), where it sends one."""
    try:
        seconds = float(part.headers.get("x-timestamp", "nan"))
    except ValueError:
        return None
    return round(seconds * NS) if 0 < seconds < 1e11 else None


def _request(url: SplitResult) -> bytes:
    target = quote((url.path or "/") + (f"?{url.query}" if url.query else ""), safe=_AS_IT_IS)
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {url.netloc.rpartition('@')[2]}",
        "User-Agent: edgeai",
        "Accept: multipart/x-mixed-replace, */*",
        "Connection: close",
    ]
    if url.username is not None:
        login = f"{unquote(url.username)}:{unquote(url.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(login.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _redirected(url: str, location: str) -> str:
    """Return where a redirection leads; user and password go along only to the same host."""
    old, new = urlsplit(url), urlsplit(urljoin(url, location))
    login, at, _ = old.netloc.rpartition("@")
    if at and "@" not in new.netloc and (old.hostname, old.port, old.scheme) == (new.hostname, new.port, new.scheme):
        new = new._replace(netloc=f"{login}@{new.netloc}")
    return new.geturl()
