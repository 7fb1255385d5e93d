"""What is served under which address."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.resources import files

from edgeai.clock import NS, Clock
from edgeai.observe.guard import Guard
from edgeai.observe.pictures import BOUNDARY, Pictures
from edgeai.observe.requests import Answer, Request, sentence

__all__ = ["Site"]

FRESH = NS // 4
"""ns for which a document is given to everybody who asks: readers share the work."""

_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/sign-in.css": ("sign-in.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/charts.js": ("charts.js", "text/javascript; charset=utf-8"),
    "/flow.js": ("flow.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
"""Addresses of the page's files: what is not named here cannot be had, whatever dots a path has."""


class Site:
    """Answers requests: the page, its pictures and figures, metrics and health, and commands."""

    def __init__(
        self,
        guard: Guard,
        pictures: Pictures,
        clock: Clock,
        documents: dict[str, Callable[[], Answer]],
        command: Callable[[str, bytes], Answer],
    ) -> None:
        self._guard, self._pictures, self._command = guard, pictures, command
        self._documents = {path: _Shared(make, clock) for path, make in documents.items()}
        self._page = {
            path: (files(f"{__package__}.page").joinpath(name).read_bytes(), kind)
            for path, (name, kind) in _PAGE.items()
        }

    def respond(self, request: Request) -> Answer:
        """Return the answer to a request."""
        refusal = self._guard.refusal(request)
        if refusal is not None:
            return refusal
        if request.method == "POST":
            place, _, name = request.path.lstrip("/").partition("/")
            if place != "commands":
                return sentence(405, "commands go to /commands/NAME")
            return self._command(name, request.body)
        if request.path in self._page:
            body, kind = self._page[request.path]
            return Answer(200, kind, body)
        if request.path in self._documents:
            return self._documents[request.path]()
        if request.path.startswith("/streams/"):
            return self._picture(request)
        return sentence(404, "there is nothing here: open /")

    def _picture(self, request: Request) -> Answer:
        name, _, ending = request.path.removeprefix("/streams/").rpartition(".")
        if ending not in ("jpg", "mjpeg") or not self._pictures.knows(name):
            return sentence(404, "there is no such stream: /streams/NAME.jpg, /streams/NAME.mjpeg")
        if ending == "mjpeg":
            kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
            return Answer(200, kind, parts=self._pictures.follow(name))
        keep = "keep" in request.query
        jpeg = self._pictures.newest(name, keep=keep)
        if jpeg is None:
            return sentence(404, f"{name} has no picture yet")
        saved = (("Content-Disposition", f'attachment; filename="{name}.jpg"'),) if keep else ()
        return Answer(200, "image/jpeg", jpeg, saved)


class _Shared:
    """An answer that is made anew when it is older than `FRESH`, by the first who asks."""

    def __init__(self, make: Callable[[], Answer], clock: Clock) -> None:
        self._make, self._clock = make, clock
        self._lock = threading.Lock()
        self._made: tuple[int, Answer] | None = None

    def __call__(self) -> Answer:
        with self._lock:
            now = self._clock.now()
            if self._made is None or now - self._made[0] > FRESH:
                self._made = now, self._make()
            return self._made[1]
