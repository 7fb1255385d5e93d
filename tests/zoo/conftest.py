"""A user's folders, a zoo in a folder, and a server of it on the loopback, with the faults that servers have."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import pytest

from edgeai.workbench.zoo import keys, trust
from edgeai.workbench.zoo.publish import publish

PILOTS = Path(str(files("edgeai.pilots")))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Caches and configuration below a folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path


@pytest.fixture
def key(home):
    """The private key of a zoo's owner."""
    keys.generate(home / "owner.pem")
    return keys.load_private(home / "owner.pem")


@pytest.fixture
def models(home):
    """Two models of the owner, with their cards."""
    folder = home / "mine"
    folder.mkdir()
    for name in ("pilot_small", "pilot_large"):
        for suffix in (".tflite", ".yaml"):
            shutil.copy(PILOTS / f"{name}{suffix}", folder)
    return [folder / "pilot_small.tflite", folder / "pilot_large.tflite"]


@pytest.fixture
def zoo(home, key, models):
    """The folder of a published zoo."""
    publish(home / "zoo", "driver", models, key)
    return home / "zoo"


@pytest.fixture
def trusted(zoo, key):
    """The zoo as its users know it."""
    return trust.Trusted(keys.public_of(key), (str(zoo),))


class Handler(SimpleHTTPRequestHandler):
    """A file server that knows Range, and the faults that the server's `fault` names."""

    def do_GET(self):
        server = self.server
        asked = self.headers.get("Range")
        server.log.append((self.path, asked))
        fault = server.fault if self.path.endswith(".tflite") else None
        if fault == "404":
            return self.send_error(404)
        if fault and fault.startswith("redirect "):
            self.send_response(302)
            self.send_header("Location", fault.removeprefix("redirect "))
            self.end_headers()
            return None
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body = path.read_bytes()
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and fault != "no range" else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        sent = {"longer": body + b"x", "other": bytes(len(body)), "silent": b""}.get(fault, body)[start:]
        self.send_header("Content-Length", str(len(sent) or len(body)))
        self.end_headers()
        if fault == "breaks off":
            sent = sent[:20_000]
        self.wfile.write(sent)
        if fault == "silent":
            server.ended.wait()
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(zoo):
    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(zoo)))
    made.fault, made.log, made.ended = None, [], threading.Event()
    made.address = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.ended.set()
    made.shutdown()
    thread.join()
    made.server_close()
