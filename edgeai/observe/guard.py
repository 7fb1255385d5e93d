"""Who may ask: the name by which this server was called, the token, and where a command comes from."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from edgeai.observe.requests import Answer, Request, sentence

__all__ = ["Guard", "is_loopback"]

_LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))
_SIGN_IN = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>edgeai</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="sign-in.css">
<main><h1>edgeai</h1><form method="get" action="/"><label>Token<input name="token" type="password" autofocus
autocomplete="current-password" required></label><button>Look on</button></form>
<p>The token was printed where the pipeline was started.</p></main></html>"""


class Guard:
    """Lets pass who may look on; `refusal` gives the answer to everybody else.

    Called by a name that is not this machine's, a page of somewhere else could have sent the reader's browser here (DNS
    rebinding). A command must come from the page itself: a form on another page can send neither JSON nor the header.
    """

    def __init__(self, host: str, port: int, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        self._cookie = f"edgeai-{port}"
        own = socket.gethostname().lower()
        self._names = _LOCAL | {host.lower(), own, own.split(".")[0], f"{own.split('.')[0]}.local"}

    def refusal(self, request: Request) -> Answer | None:
        """Return why a request is refused, or what signs it in; None where it may pass."""
        if not self._knows(request.headers.get("host", "")):
            return sentence(421, "this server does not go by that name: use the machine's own name, or its address")
        if self._token is not None:
            if request.path == "/sign-in.css":
                return None
            given = request.query.get("token")
            if given is not None and request.path == "/" and self._fits(given):
                cookie = f"{self._cookie}={given}; Path=/; HttpOnly; SameSite=Lax"
                return Answer(303, headers=(("Location", "/"), ("Set-Cookie", cookie)))
            if not self._fits(self._shown(request)):
                return self._sign_in(request)
        if request.method == "POST" and not _from_the_page(request):
            return sentence(403, "a command is sent by the page of this server, as JSON with the header X-Edgeai")
        return None

    def _knows(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._names or _is_address(name)

    def _shown(self, request: Request) -> str:
        kind, _, word = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return word.strip()
        try:
            cookie = SimpleCookie(request.headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return "" if cookie is None else cookie.value

    def _fits(self, word: str) -> bool:
        return self._token is not None and hmac.compare_digest(word.encode("utf-8", "replace"), self._token)

    def _sign_in(self, request: Request) -> Answer:
        if request.path == "/":
            return Answer(401, "text/html; charset=utf-8", _SIGN_IN)
        hint = "show the token: open /?token=..., or send the header Authorization: Bearer ..."
        return sentence(401, hint, ("WWW-Authenticate", "Bearer"))


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _from_the_page(request: Request) -> bool:
    headers = request.headers
    origin = headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == headers.get("host")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return same and kind == "application/json" and "x-edgeai" in headers
