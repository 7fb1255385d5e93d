"""Both framings survive any cut of the stream, and whatever is not a message is counted and skipped."""

import binascii

import pytest
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeai_drivers.framing import ENCODERS, Deframer, FrameCounts, encode_cobs, encode_json_line

MESSAGES = st.dictionaries(
    st.text(max_size=8),
    st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)),
)


def test_a_json_line_is_compact_utf8():
    assert encode_json_line({"steering": 0.1, "unit": "µ"}) == '{"steering":0.1,"unit":"µ"}\n'.encode()


def test_a_cobs_frame_is_the_payload_and_its_ccitt_false_crc():
    frame = encode_cobs({"a": 1})
    assert frame.endswith(b"\x00")
    assert frame.count(0) == 1
    packet = cobs.decode(frame[:-1])
    assert packet[:-2] == b'{"a":1}'
    assert int.from_bytes(packet[-2:], "big") == binascii.crc_hqx(b'{"a":1}', 0xFFFF)
    assert binascii.crc_hqx(b"123456789", 0xFFFF) == 0x29B1, "the check value of CRC-16/CCITT-FALSE"


JSON = ("jsonl", "cobs")


@pytest.mark.parametrize("encode", [ENCODERS[protocol] for protocol in JSON])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_not_encoded(encode, value):
    with pytest.raises(ValueError, match="JSON"):
        encode({"steering": value})


@pytest.mark.parametrize("protocol", JSON)
@given(messages=st.lists(MESSAGES, max_size=5), cuts=st.lists(st.integers(1, 40), min_size=1))
@settings(max_examples=100, deadline=None)
def test_messages_arrive_whole_however_the_stream_is_cut(protocol, messages, cuts):
    stream = b"".join(map(ENCODERS[protocol], messages))
    deframer = Deframer(protocol)
    received, turn = [], 0
    while stream:
        size = cuts[turn % len(cuts)]
        received += deframer.feed(stream[:size])
        stream, turn = stream[size:], turn + 1
    assert received == messages
    assert deframer.counts == FrameCounts(good=len(messages))


@pytest.mark.parametrize(
    "line",
    [b"garbage", b"[1,2]", b"3", b'{"a":NaN}', b'{"a":', b"\xff\xfe", b"[" * 4000, b'{"a":' + b"9" * 5000 + b"}"],
)
def test_a_bad_line_is_counted_and_the_next_one_read(line):
    deframer = Deframer("jsonl")
    assert deframer.feed(line + b'\n{"a":1}\n') == [{"a": 1}]
    assert deframer.counts.malformed + deframer.counts.oversize == 1


@given(position=st.integers(0, 30), bit=st.integers(0, 7))
@settings(deadline=None)
def test_a_flipped_bit_never_passes_as_a_message(position, bit):
    frame = bytearray(encode_cobs({"steering": 0.125, "throttle": 0.5}))
    frame[position % (len(frame) - 1)] ^= 1 << bit
    deframer = Deframer("cobs")
    assert deframer.feed(bytes(frame)) == []
    assert deframer.counts.good == 0


@pytest.mark.parametrize("protocol", JSON)
def test_a_frame_without_end_is_thrown_away_not_kept(protocol):
    deframer = Deframer(protocol, limit=256)
    for _ in range(1000):
        assert deframer.feed(b"x" * 100) == []
    assert deframer.counts.oversize == 1
    end = b"\n" if protocol == "jsonl" else b"\x00"
    assert deframer.feed(end + ENCODERS[protocol]({"a": 1})) == [{"a": 1}]


def test_empty_frames_and_carriage_returns_are_silence():
    deframer = Deframer("jsonl")
    assert deframer.feed(b'\n\r\n{"a":1}\r\n') == [{"a": 1}]
    assert deframer.counts == FrameCounts(good=1)
