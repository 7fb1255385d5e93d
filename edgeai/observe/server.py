"""An HTTP server that nobody can hold up: bounded in connections, in sizes and in time.

It is the standard library's, a thread for each connection, with its own reading of requests: the library's would wait
for a slow one for ever and take megabytes of headers.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from edgeai.clock import NS, SystemClock
from edgeai.errors import ConfigError
from edgeai.observe.requests import Answer, Request, sentence

__all__ = ["MOST_CONNECTIONS", "Server"]

_log = logging.getLogger("edgeai")

MOST_CONNECTIONS = 48
"""Connections at one time: eight pages with four pictures each, and who asks for metrics. One more gets a 503."""

MOST_STREAMS = 40
"""Of those, endless ones: pictures must not keep out who asks for health."""

MOST_HEAD = 16 << 10
MOST_BODY = 4 << 10
"""Bytes of a request's head and body."""

PATIENCE = 5.0
"""Seconds for a whole request to arrive, and for a reader to take what was sent."""

SEND_BUFFER = 256 << 10
"""Bytes that wait in the kernel for a reader: a picture or two."""

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Server(ThreadingHTTPServer):
    """Listens from the moment it is made and answers from `start` on, until `close`.

    Raises ConfigError where the address cannot be had.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, host: str, port: int, respond: Callable[[Request], Answer]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.respond = respond
        self.streams = threading.BoundedSemaphore(MOST_STREAMS)
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.2,), name="edgeai-server", daemon=True)
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"{host}:{port} cannot be listened on ({reason}): choose another port or host") from error
        self.port: int = self.server_address[1]

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def close(self) -> None:
        """Listen no more and end every connection."""
        self.closing.set()
        if self._thread.ident is not None:
            self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def server_bind(self) -> None:
        """Bind, without the look-up of a name that the standard library makes and that may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection its thread, or turn it away."""
        with self._lock:
            full = len(self._connections) >= MOST_CONNECTIONS
            if not full:
                self._connections.add(request)
        if full:
            request.setblocking(False)
            with contextlib.suppress(OSError):
                request.send(_FULL)
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note what went wrong with one connection; a reader who leaves is no error."""
        _log.debug("the connection from %s ended", client_address, exc_info=True)


class _Refused(Exception):  # noqa: N818 - an answer on its way
    def __init__(self, status: int, text: str) -> None:
        self.answer = sentence(status, text, ("Connection", "close"))


class _Handler(BaseHTTPRequestHandler):
    """Reads requests from one connection and writes the answers."""

    server: Server
    protocol_version = "HTTP/1.1"
    _clock = SystemClock()

    def setup(self) -> None:
        """Bound what may wait to be sent, and how long."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.current_thread().name = "edgeai-server-connection"
        self._read = b""
        super().setup()
        self.rfile.close()  # requests are read from the connection itself

    def handle_one_request(self) -> None:
        """Read one request and answer it; the standard library calls this until the connection is to be closed."""
        self.close_connection = True
        self.command = self.requestline = ""
        self.request_version = self.protocol_version
        try:
            request = self._request()
            if request is not None:
                self._answer(self._respond(request))
        except _Refused as refused:
            self._answer(refused.answer)
            self.close_connection = True
        except OSError:
            self.close_connection = True

    def _respond(self, request: Request) -> Answer:
        try:
            return self.server.respond(request)
        except Exception as error:  # noqa: BLE001 - one request must not end the server
            _log.exception("%s %s could not be answered", request.method, request.path)
            return sentence(500, f"this could not be answered ({type(error).__name__}): the log says more")

    # -- reading -----------------------------------------------------------------------------------------------

    def _request(self) -> Request | None:
        due = self._clock.now() + round(PATIENCE * NS)
        while b"\r\n\r\n" not in self._read:
            if len(self._read) > MOST_HEAD:
                raise _Refused(431, f"the head of a request is at most {MOST_HEAD >> 10} KiB")
            if not self._more(due):
                return None
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        if len(head) > MOST_HEAD:
            raise _Refused(431, f"the head of a request is at most {MOST_HEAD >> 10} KiB")
        line, _, headers = head.partition(b"\r\n")
        self.raw_requestline, self.rfile = line + b"\r\n", io.BytesIO(headers + b"\r\n\r\n")
        if not self.parse_request():  # it has said why
            self.close_connection = True
            return None
        if self.command not in ("GET", "HEAD", "POST"):
            raise _Refused(405, "GET, HEAD and POST are what can be asked here")
        return self._parsed(self._body(due))

    def _body(self, due: int) -> bytes:
        text = self.headers.get("Content-Length", "0").strip()
        if self.headers.get("Transfer-Encoding") or not (text.isascii() and text.isdigit()):
            raise _Refused(400, "a request says the length of its body in Content-Length")
        length = int(text[:10])
        if length > MOST_BODY:
            raise _Refused(413, f"the body of a request is at most {MOST_BODY >> 10} KiB")
        while len(self._read) < length:
            if not self._more(due):
                raise _Refused(408, "the rest of the request did not come in time")
        body, self._read = self._read[:length], self._read[length:]
        return body

    def _parsed(self, body: bytes) -> Request:
        try:
            target = urlsplit(self.path)
            query = dict(parse_qsl(target.query, max_num_fields=20))
        except ValueError:
            raise _Refused(400, "the address cannot be read") from None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, unquote(target.path), query, headers, body)

    def _more(self, due: int) -> bool:
        """Read on; False where the peer has left or its time is up."""
        left = (due - self._clock.now()) / NS
        if left <= 0 or self.server.closing.is_set():
            return False
        self.connection.settimeout(left)
        try:
            read = self.connection.recv(4096)
        except TimeoutError:
            return False
        self._read += read
        return bool(read)

    # -- answering ---------------------------------------------------------------------------------------------

    def _answer(self, answer: Answer) -> None:
        self.connection.settimeout(PATIENCE)
        if answer.parts is not None and not self.server.streams.acquire(blocking=False):
            answer = sentence(503, "too many look on already: try again later", ("Retry-After", "5"))
        try:
            self._head(answer)
            if self.command == "HEAD":
                return
            if answer.parts is None:
                self.wfile.write(answer.body)
                return
            for part in answer.parts:
                self.wfile.write(part)
        finally:
            if answer.parts is not None:
                answer.parts.close()  # type: ignore[attr-defined]
                self.server.streams.release()

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        for name, value in (*_HEADERS, *answer.headers):
            self.send_header(name, value)
        if answer.parts is None:
            self.send_header("Content-Length", str(len(answer.body)))
        else:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()

    def version_string(self) -> str:
        """Say what answers, and not what it is made of."""
        return "edgeai"

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse in a sentence."""
        self.request_version = self.protocol_version  # whatever was asked in, it is answered in this
        self._answer(sentence(code, message or "that request cannot be read", ("Connection", "close")))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep what is asked out of the log of the robot."""
