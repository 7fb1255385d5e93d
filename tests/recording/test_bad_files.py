"""Damaged, foreign and hostile files: a RecordingError or a prefix, never a crash, a hang or unbounded memory."""

import struct
import zlib

import lz4.frame
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeai.errors import RecordingError
from edgeai.recording.codec import decode, encode, from_bytes, to_bytes
from edgeai.recording.header import read_header
from edgeai.recording.mcap import MAGIC, Scan
from edgeai.recording.reader import Recording
from edgeai.schedule.events import Event

from .conftest import policies, recorded

HEADER = struct.pack("<BQII", 1, 8, 0, 0)


def record(opcode, body, length=None):
    return struct.pack("<BQ", opcode, len(body) if length is None else length) + body


def chunk(data, size, compression=b"zstd"):
    head = struct.pack("<QQQI", 0, 0, size, 0) + struct.pack("<I", len(compression)) + compression
    return record(6, head + struct.pack("<Q", len(data)) + data)


def read(path):
    """Read all that can be; only RecordingError may come of it."""
    try:
        recording = Recording.open(path)
        return sum(1 for _ in recording.records(salvage=True, policies=policies))
    except RecordingError:
        return None


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    (path,) = recorded(tmp_path_factory.mktemp("fuzz") / "run.mcap", 0.2)
    return path.read_bytes()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flipped_and_cut_files_are_read_in_part_or_refused(whole, tmp_path, data):
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        # most damage where the structure is, at the beginning
        at = data.draw(st.one_of(st.integers(0, 30_000), st.integers(0, len(whole) - 1)))
        damaged[min(at, len(damaged) - 1)] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged.mcap"
    path.write_bytes(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    read(path)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=60), st.integers(0, 2**64 - 1)), max_size=6))
def test_records_of_nonsense_are_refused(records):
    import io

    data = MAGIC + HEADER + b"".join(record(op, body, length if op % 2 else None) for op, body, length in records)
    list(Scan(io.BytesIO(data), salvage=True))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        MAGIC,
        MAGIC + HEADER,
        MAGIC + record(6, b"", 2**63),
        MAGIC + record(5, b"\0" * 30),
        MAGIC + chunk(zstandard.ZstdCompressor().compress(b"\0" * (64 << 20)), 100),
        MAGIC + chunk(zstandard.ZstdCompressor().compress(b"\0" * (64 << 20)), 2**62),
        MAGIC + chunk(lz4.frame.compress(b"\0" * (64 << 20)), 100, b"lz4"),
        MAGIC + chunk(b"abc", 3, b"none-such"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path, content):
    path = tmp_path / "bad.mcap"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"bad\.mcap"):
        Recording.open(path)


def test_a_chunk_with_a_wrong_checksum_is_passed_over():
    import io

    body = record(3, struct.pack("<H", 1) + b"\0" * 12)
    head = struct.pack("<QQQI", 0, 0, len(body), zlib.crc32(body) ^ 1) + struct.pack("<IQ", 0, len(body))
    scan = Scan(io.BytesIO(MAGIC + HEADER + record(6, head + body)), salvage=True)
    assert list(scan) == []
    assert "damaged" in scan.lost[0]


def test_a_file_of_a_newer_schema_says_so():
    with pytest.raises(RecordingError, match="install a newer one"):
        read_header({"schema": 99})


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "t", "source", "seq", "policy", "options", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(plain)
def test_values_of_nonsense_are_refused(value):
    try:
        event = decode(value, Event)
    except RecordingError:
        return
    assert decode(from_bytes(to_bytes(encode(event))), Event) == event
