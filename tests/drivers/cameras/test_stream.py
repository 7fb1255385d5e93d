from __future__ import annotations

import base64
import collections
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from edgeai.clock import SystemClock
from edgeai.errors import DeviceError, DeviceLost, DeviceNotFound, DeviceTimeout
from edgeai_drivers.cameras.stream import Stream, shown

SECRET = "s3cr%40t"


def jpeg(value):
    return cv2.imencode(".jpg", np.full((48, 64, 3), value, np.uint8))[1].tobytes()


def part(body, *headers, length=True):
    lines = ["--edge", "Content-Type: image/jpeg", *headers]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*lines, "", ""]).encode() + body + b"\r\n"


class Server:
    """Answers on the loopback as a test's function tells it; holds the connection until the test lets go."""

    def __init__(self, answer):
        self.let_go = threading.Event()
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append((self.path, dict(self.headers)))
                answer(self, outer)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self.let_go.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def served(answer):
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()


def stream_of(*parts, hold=True, boundary="edge", chunked=False):
    """An MJPEG answer of these parts; then it holds the connection, or closes it."""

    def answer(handler, server):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        handler.wfile.write(f"Content-Type: multipart/x-mixed-replace; boundary={boundary}\r\n".encode())
        handler.wfile.write(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"\r\n")
        for item in parts:
            handler.wfile.write(f"{len(item):x}\r\n".encode() + item + b"\r\n" if chunked else item)
        if hold:
            server.let_go.wait(20)

    return answer


def status(code, *headers):
    def answer(handler, server):
        handler.wfile.write("\r\n".join([f"HTTP/1.1 {code} No", *headers, "", ""]).encode())

    return answer


@contextmanager
def camera(server, path="/live?key=hush", user=f"me:{SECRET}@", timeout=5.0):
    port = server if isinstance(server, int) else server.port
    url = f"http://{user}127.0.0.1:{port}{path}"
    source = Stream("door", Stream.Options(url=url, timeout=timeout))
    with source:
        source.open(SystemClock())
        yield source


def read_on(source):
    """Give the source's frames until it raises."""
    while True:
        frame = source.read(5.0)
        if frame is not None:
            yield frame


def read_all(source):
    """Return all frames up to the end of the connection."""
    frames = []
    with pytest.raises(DeviceLost, match="closed by the camera"):
        collections.deque(map(frames.append, read_on(source)))
    return frames


def test_a_picture_arrives():
    with served(stream_of(part(jpeg(70)))) as server, camera(server) as source:
        frame = source.read(5.0)
        assert frame.size == (64, 48)
        assert frame.image.mean() == pytest.approx(70, abs=2)
        assert frame.timing.clock == "none"
    (request,) = server.requests
    assert request[0] == "/live?key=hush"
    assert base64.b64decode(request[1]["Authorization"].removeprefix("Basic ")) == b"me:s3cr@t"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("length", [False, True])
def test_of_pictures_that_came_together_the_newest_is_given(chunked, length):
    parts = [part(jpeg(value), length=length) for value in (10, 90, 200)]
    with served(stream_of(*parts, hold=False, chunked=chunked)) as server, camera(server) as source:
        frames = read_all(source)
    assert frames[-1].image.mean() == pytest.approx(200, abs=2)
    assert frames[-1].seq == 2
    assert source.captured + source.lost == 3


def test_a_picture_without_length_does_not_wait_for_the_next():
    with served(stream_of(part(jpeg(70), length=False))) as server, camera(server) as source:
        assert source.read(5.0) is not None


def test_the_servers_own_stamp_is_used():
    with served(stream_of(part(jpeg(1), "X-Timestamp: 1234.5"))) as server, camera(server) as source:
        frame = source.read(5.0)
    assert (frame.timing.clock, frame.timing.raw) == ("device", 1_234_500_000_000)


def test_a_damaged_picture_is_passed_over_and_counted():
    parts = [part(jpeg(10)[:200]), part(b"no picture"), part(jpeg(99))]
    with served(stream_of(*parts, hold=False)) as server, camera(server) as source:
        (frame,) = read_all(source)
        assert frame.seq == 2
        assert source.lost == 2


def test_pictures_that_never_decode_are_an_error():
    with (
        served(stream_of(*[part(b"h264?")] * 40)) as server,
        camera(server) as source,
        pytest.raises(DeviceError, match="set the camera to MJPEG"),
    ):
        list(read_on(source))


def test_a_camera_that_pauses_gives_nothing_in_time_and_closes_at_once():
    with served(stream_of(part(jpeg(1)))) as server, camera(server) as source:
        assert source.read(5.0) is not None
        assert source.read(0.02) is None
        assert source.read(0.0) is None


def test_a_closed_connection_is_a_lost_device():
    with served(stream_of(part(jpeg(1)), hold=False)) as server, camera(server) as source:
        assert len(read_all(source)) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "match"),
    [
        (status(404), DeviceNotFound, "HTTP 404: correct the path"),
        (status(401), DeviceNotFound, "user:password@"),
        (status(200, "Content-Type: text/html"), DeviceError, "sends 'text/html', which is no MJPEG stream"),
        (status(200), DeviceError, "no MJPEG stream"),
        (status(302, "Location: file:///etc/passwd"), DeviceError, "leads on to a file: URL"),
        (status(302, "Location: http://["), DeviceError, "no URL"),
        (lambda handler, server: handler.wfile.write(b"\x00\x01garbage" * 9), DeviceError, "does not speak HTTP"),
        (lambda handler, server: None, DeviceError, "closed before the answer"),
        (
            status(200, "Content-Type: multipart/x-mixed-replace; boundary=e", "Transfer-Encoding: chunked", "", "zz"),
            0,
            "",
        ),
    ],
)
def test_an_answer_that_is_no_stream_says_what_it_is_and_keeps_the_secrets(answer, kind, match):
    with (
        served(answer) as server,
        pytest.raises(kind or DeviceError, match=match or "chunks have no size") as caught,
        camera(server) as source,
    ):
        list(read_on(source))
    error: BaseException | None = caught.value
    while error is not None:
        assert not any(secret in str(error) for secret in ("hush", "s3cr", "me:"))
        error = error.__cause__


def test_a_redirection_is_followed_and_the_password_stays_with_its_host():
    with served(stream_of(part(jpeg(5)))) as there:
        location = f"Location: http://localhost:{there.port}/video"
        with served(status(302, location)) as here, camera(here) as source:
            assert source.read(5.0) is not None
    assert "Authorization" in here.requests[0][1]
    assert "Authorization" not in there.requests[0][1]


def test_redirections_in_a_ring_end():
    with (
        served(status(302, "Location: /again")) as server,
        pytest.raises(DeviceError, match="leads on and on"),
        camera(server),
    ):
        pass
    assert len(server.requests) == 5


@contextmanager
def mute_port(backlog=5):
    """A port that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as listening:
        yield listening.getsockname()[1]


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def test_a_server_that_never_answers_is_a_timeout():
    with (
        mute_port() as port,
        pytest.raises(DeviceTimeout, match=r"does not answer within 0.2 s"),
        camera(port, timeout=0.2),
    ):
        pass


def test_a_server_that_trickles_its_answer_is_a_timeout_too():
    def trickle(handler, server):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        try:
            while not server.let_go.wait(0.02):
                handler.wfile.write(b"a")
        except OSError:
            pass

    with served(trickle) as server, pytest.raises(DeviceTimeout), camera(server, timeout=0.2):
        pass


def test_nobody_there_is_not_found():
    with (
        pytest.raises(
            DeviceNotFound, match=r"http://127.0.0.1:\d+/live cannot be reached \(Connection refused\)"
        ) as caught,
        camera(closed_port()),
    ):
        pass
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps"])
def test_rtsp_to_nobody_is_not_found(scheme, capfd):
    url = f"{scheme}://me:{SECRET}@127.0.0.1:{closed_port()}/cam?token=hush"
    with pytest.raises(DeviceNotFound, match="gives no stream") as caught:
        Stream("door", Stream.Options(url=url)).open(SystemClock())
    assert not any(secret in str(caught.value) for secret in ("s3cr", "hush"))
    assert capfd.readouterr() == ("", "")


def test_rtsp_to_a_server_that_never_answers_ends_by_its_timeout():
    caught = []

    def attempt(port):
        try:
            Stream("door", Stream.Options(url=f"rtsp://127.0.0.1:{port}/cam", timeout=0.3)).open(SystemClock())
        except DeviceNotFound as error:
            caught.append(str(error))

    with mute_port() as port:
        trial = threading.Thread(target=attempt, args=(port,), daemon=True)
        trial.start()
        trial.join(20)
    assert len(caught) == 1
    assert "within 0.3 s" in caught[0]


@pytest.mark.parametrize(
    "url", ["rtsp://", "http:///live", "ftp://host/x", "http://u:pa:70000/", "http://host:x/", "host"]
)
def test_a_url_that_is_none_is_found_before_opening(url):
    (problem,) = Stream("door", Stream.Options(url=url)).check()
    assert problem.path == "cameras.door.url"
    with pytest.raises(DeviceNotFound):
        Stream("door", Stream.Options(url=url)).open(SystemClock())


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("rtsp://me:secret@cam.local:554/live?token=1#x", "rtsp://cam.local:554/live"),
        ("http://cam/video", "http://cam/video"),
        ("http://me:se/cr@et@cam/v", "http://cam/v"),
        ("http://me:se?cr#et@cam/v", "http://cam/v"),
        ("me:secret@cam/v", "cam/v"),
        ("http://a://me:secret@cam/v", "cam/v"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, seen):
    assert shown(url) == seen
