"""The live view: taps that look on, and a server that shows what they saw."""

from __future__ import annotations

import secrets
import socket

from edgeai.errors import ConfigError
from edgeai.observe.commands import obey, offers
from edgeai.observe.document import charts, document
from edgeai.observe.exposition import KIND, written
from edgeai.observe.guard import Guard, is_loopback
from edgeai.observe.health import complaints
from edgeai.observe.history import History
from edgeai.observe.journal import Journal
from edgeai.observe.metrics import metrics
from edgeai.observe.observed import Observed
from edgeai.observe.pictures import Pictures
from edgeai.observe.requests import Answer, Request, as_json
from edgeai.observe.server import Server
from edgeai.observe.site import Site
from edgeai.observe.tallies import Tallies
from edgeai.runtime.taps import Tap

__all__ = ["LiveView"]

_SHORTEST_TOKEN = 8
_ANY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class LiveView:
    """Looks on at a pipeline and serves what it sees.

    Listens as soon as it is made, so that a port in use is known before a device opens; answers from `start` on. `taps`
    are the pipeline's to call, `history.sample` its timers'. Raises ConfigError.
    """

    def __init__(self, pipeline: Observed, title: str, host: str, port: int, token: str | None = None) -> None:
        if token is not None and (len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isalnum()):
            raise ConfigError(f"a token is at least {_SHORTEST_TOKEN} letters and digits: anybody may try to guess it")
        self._pipeline = pipeline
        self._title = title
        self._started = pipeline.clock.now()
        self.token = token or (None if is_loopback(host) else secrets.token_hex(8))
        self.host = host
        self.journal = Journal(pipeline.clock)
        self.tallies = Tallies(pipeline.graph.stages)
        self.pictures = Pictures(pipeline.graph.stages, pipeline.clock)
        self.history = History(pipeline)
        self.taps: tuple[Tap, ...] = (self.journal, self.tallies, self.pictures)
        self._server = Server(host, port, self._respond)
        documents = {
            "/stats.json": self._stats,
            "/history.json": self._charts,
            "/healthz": self._health,
            "/metrics": self._scrape,
        }
        guard = Guard(host, self._server.port, self.token)
        self._site = Site(guard, self.pictures, pipeline.clock, documents, self._obey)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    @property
    def url(self) -> str:
        """Where to look, with the token; by the machine's name where it listens on all addresses."""
        host = socket.gethostname() if self.host in _ANY else self.host
        host = f"[{host}]" if ":" in host else host
        query = "" if self.token is None else f"?token={self.token}"
        return f"http://{host}:{self.port}/{query}"

    def start(self) -> None:
        """Look at the counts a first time, and answer from now on."""
        self.history.sample()
        self._server.start()

    def stop(self) -> None:
        """Answer no more; whoever looks on is let go."""
        self.pictures.finished()
        self._server.close()
        self.pictures.close()

    # -- inside ------------------------------------------------------------------------------------------------

    def _respond(self, request: Request) -> Answer:
        return self._site.respond(request)

    def _stats(self) -> Answer:
        told = document(self._pipeline, self.history, self.tallies, self.journal, self.pictures)
        uptime = (self._pipeline.clock.now() - self._started) / 1e9
        return as_json({"title": self._title, "uptime": uptime, **told, "offers": offers(self._pipeline)})

    def _charts(self) -> Answer:
        return as_json(charts(self.history))

    def _health(self) -> Answer:
        wrong = complaints(self._pipeline, self.journal, self._started)
        return as_json({"healthy": not wrong, "reasons": wrong}, 503 if wrong else 200)

    def _scrape(self) -> Answer:
        return Answer(200, KIND, written(metrics(self._pipeline, self.tallies)))

    def _obey(self, name: str, body: bytes) -> Answer:
        return obey(self._pipeline, name, body)
