from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai_drivers.cameras._multipart import Chunks, Head, Multipart, WireError, headers, jpeg_is_whole

JPEG = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8))[1].tobytes()


def part(body, length=True):
    head = f"Content-Type: image/jpeg\r\n{f'Content-Length: {len(body)}' if length else 'X: y'}\r\n\r\n"
    return b"--edge\r\n" + head.encode() + body + b"\r\n"


def split(wire, cuts):
    edges = [0, *sorted(cut % (len(wire) + 1) for cut in cuts), len(wire)]
    return [wire[a:b] for a, b in itertools.pairwise(edges)]


def fed(machine, pieces):
    return [part.body for piece in pieces for part in machine.feed(piece)]


cuts = st.lists(st.integers(0, 10_000), max_size=12)
bodies = st.lists(st.binary(min_size=1, max_size=60).filter(lambda body: b"--edge" not in body), max_size=5)


@given(bodies, cuts)
def test_parts_with_a_length_are_found_however_the_bytes_are_split(bodies, cuts):
    wire = b"".join(part(body) for body in bodies)
    assert fed(Multipart("edge"), split(wire, cuts)) == bodies


@given(st.integers(1, 4), cuts, st.booleans())
def test_parts_without_a_length_go_up_to_the_boundary(count, cuts, length):
    wire = b"".join(part(JPEG, length and n % 2) for n in range(count)) + b"--edge--"
    machine = Multipart("edge")
    assert fed(machine, split(wire, cuts)) == [JPEG] * count
    assert machine.ended


def test_a_whole_jpeg_does_not_wait_for_the_next_boundary():
    assert fed(Multipart("edge"), [part(JPEG, length=False)]) == [JPEG]


@pytest.mark.parametrize("boundary", ["edge", "--edge", '"edge"'])
def test_the_boundary_may_be_written_in_the_ways_cameras_do(boundary):
    assert fed(Multipart(boundary), [part(JPEG)]) == [JPEG]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_leave_the_machine_bounded(pieces):
    machine = Multipart("edge", limit=1000)
    try:
        for piece in pieces:
            machine.feed(piece)
    except WireError:
        pass
    assert len(machine._buffer) <= 1000 + (16 << 10)


def test_a_picture_beyond_the_bound_is_refused():
    with pytest.raises(WireError, match="larger"):
        Multipart("edge", limit=1 << 20).feed(b"--edge\r\nContent-Length: 2000000\r\n\r\n")
    with pytest.raises(WireError, match="larger"):
        fed(Multipart("edge", limit=1 << 20), [b"--edge\r\n\r\n", *[bytes(1 << 16)] * 40])


def test_headers_without_end_are_refused():
    with pytest.raises(WireError, match="headers"):
        Multipart("edge").feed(b"--edge\r\n" + b"a" * 20_000)


def test_bytes_before_the_first_boundary_are_passed_over():
    machine = Multipart("edge")
    for _ in range(100):
        machine.feed(bytes(1 << 20))
    assert fed(machine, [part(JPEG)]) == [JPEG]
    assert len(machine._buffer) < 100


def test_a_length_of_thousands_of_digits_is_too_large_a_picture():
    with pytest.raises(WireError, match="larger than"):
        Multipart("edge").feed(b"--edge\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=6), cuts)
def test_chunks_are_undone_however_the_bytes_are_split(contents, cuts):
    wire = b"".join(f"{len(c):x};name=1\r\n".encode() + c + b"\r\n" for c in contents) + b"0\r\n\r\n"
    chunks = Chunks()
    assert b"".join(chunks.feed(piece) for piece in split(wire, cuts)) == b"".join(contents)
    assert chunks.ended


@pytest.mark.parametrize("wire", [b"zz\r\n", b"a" * 2000, b"-5\r\nabc", b"1_0\r\n", b"f" * 17 + b"\r\n"])
def test_chunks_without_a_size_are_refused(wire):
    with pytest.raises(WireError, match="size"):
        Chunks().feed(wire)


@given(cuts)
def test_a_head_is_read_and_what_follows_is_kept(cuts):
    wire = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=edge\r\nX:1\r\n\r\n"
    head = Head()
    done = [head.feed(piece) for piece in split(wire, cuts)]
    assert done[-1]
    assert head.status == 200
    assert head.headers == {"content-type": "multipart/x-mixed-replace; boundary=edge", "x": "1"}
    again = Head()
    assert again.feed(wire + b"body")
    assert again.rest == b"body"


@pytest.mark.parametrize("wire", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 " + b"a" * 20_000, b"HTTP/1.1 x\r\n\r\n"])
def test_what_is_no_head_is_refused(wire):
    with pytest.raises(WireError, match="HTTP"):
        Head().feed(wire)


def test_headers_that_are_none_are_passed_over():
    assert headers(b"A: b\r\nnothing\r\nC:d:e") == {"a": "b", "c": "d:e"}


def test_a_jpeg_is_whole_only_to_its_last_byte():
    assert jpeg_is_whole(JPEG)
    assert jpeg_is_whole(JPEG + b"after it")
    assert not any(jpeg_is_whole(JPEG[:length]) for length in range(len(JPEG)))


def test_the_end_of_a_thumbnail_is_not_the_end_of_its_picture():
    thumbnail = b"\xff\xe1" + (len(JPEG) + 2).to_bytes(2, "big") + JPEG
    picture = JPEG[:2] + thumbnail + JPEG[2:]
    assert jpeg_is_whole(picture)
    assert not jpeg_is_whole(picture[:-2])
