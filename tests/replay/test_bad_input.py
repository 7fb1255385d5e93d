"""Recordings that are damaged, hostile, out of order, or whose models are not there."""

from __future__ import annotations

import copy
import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeai import Graph, Pipeline
from edgeai.errors import ConfigError, EdgeAIError, ModelError, RecordingError
from edgeai.messages import Frame
from edgeai.recording.mcap import Scan
from edgeai.recording.mcap_writer import McapFile
from edgeai.recording.reader import Recording
from edgeai.replay.run import replay
from tests.recording.conftest import PILOTS, graph, recorded, values


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    (path,) = recorded(tmp_path_factory.mktemp("bad") / "run.mcap", 0.4, {"policy": "power", "budget": "4.2W"})
    return path


@pytest.fixture(scope="module")
def messages(path):
    """All messages of a recording, and the schemas of them."""
    with path.open("rb") as file:
        scan = Scan(file)
        found = list(scan)
        return found, {m.channel.schema: scan.schema(m.channel.schema) for m in found if m.channel.schema}


def written(path, messages, change):
    """Write a recording anew, each message as `change` returns it: a list of (log_time, publish_time, data)."""
    found, forms = messages
    path.unlink(missing_ok=True)
    file = McapFile(path, "edgeai", "a test")
    schemas = {name: file.schema(name, *form) for name, form in forms.items()}
    channels = {}
    for message in found:
        channel = message.channel
        if channel not in channels:
            channels[channel] = file.channel(channel.topic, channel.encoding, schemas.get(channel.schema, 0), {})
        for log_time, publish_time, data in change(message):
            file.message(channels[channel], message.sequence, log_time, publish_time, data)
    file.finish()
    file.close()
    return path


STRANGE = st.sampled_from(
    [0, -1, 2**63, -(2**63), 10**30, 1e308, -1e308, "inf", None, True, "", "x", [], {}, [1, 2], {"r": 0}, {"f": "nan"}]
)


def places(plain, at=()):
    """Yield the way to each single value."""
    if isinstance(plain, dict | list) and plain:
        for key, item in plain.items() if isinstance(plain, dict) else enumerate(plain):
            yield from places(item, (*at, key))
    else:
        yield at


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_recording_with_other_values_in_it_is_replayed_or_refused(tmp_path, messages, data):
    """In the scheduler's state, the header or the decisions: a sentence, or a replay, never anything else."""
    topic = data.draw(st.sampled_from(["/edgeai/snapshot", "/edgeai/snapshot", "/edgeai/header", "/edgeai/decisions"]))
    mine = [m for m in messages[0] if m.channel.topic == topic]
    chosen = data.draw(st.sampled_from(mine))
    plain = json.loads(chosen.data)
    for *way, last in data.draw(st.lists(st.sampled_from(list(places(plain))).filter(bool), min_size=1, max_size=3)):
        inner = plain
        for key in way:
            inner = inner[key] if isinstance(inner, dict | list) and inner else {}
        if isinstance(inner, dict | list) and inner:
            inner[last] = copy.deepcopy(data.draw(STRANGE))  # the next way may lead into it
    damaged = json.dumps(plain).encode()
    written(tmp_path / "m.mcap", messages, lambda m: [(m.log_time, m.publish_time, damaged if m is chosen else m.data)])
    try:
        done = replay(tmp_path / "m.mcap")
        assert done.compare()
        assert done.digest
    except EdgeAIError:
        return


@pytest.mark.parametrize("mode", ["lossless", "recorded", "recompute"])
@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_torn_recording_is_refused_and_says_how_to_mend_it(path, tmp_path, mode, cut):
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
    with pytest.raises(RecordingError, match="edgeai recover"):
        replay(torn, mode=mode, graph=graph_file(tmp_path))


def graph_file(folder):
    text = graph(policy="power", budget="4.2W").to_yaml().replace("pilot_", f"{PILOTS}/pilot_")
    (folder / "graph.yaml").write_text(text)
    return folder / "graph.yaml"


def test_stamps_twice_and_times_that_run_backwards_are_replayed(messages, tmp_path):
    """Each picture comes twice, and every other message was written down a second earlier than the one before it."""

    def change(message):
        back = 0 if message.sequence % 2 else 1_000_000_000
        row = (max(0, message.log_time - back), message.publish_time, message.data)
        return [row, row] if message.channel.topic.endswith(("/frames", "/image")) else [row]

    odd = written(tmp_path / "odd.mcap", messages, change)
    assert len(values(odd, Frame)) >= 12
    assert replay(odd).compare().same
    for mode in ("recorded", "lossless"):
        assert len(replay(odd, mode=mode, graph=graph_file(tmp_path)).results) > 5


def test_topics_and_schemas_that_nobody_knows_are_passed_over(path, messages, tmp_path):
    found, forms = messages
    strange = written(
        tmp_path / "s.mcap",
        (found, forms | {"acme.Thing": ("protobuf", b"\xff")}),
        lambda m: [(m.log_time, m.publish_time, m.data)],
    )
    assert len(values(strange, Frame)) == len(values(path, Frame))


def test_a_model_that_is_not_there_is_named(tmp_path):
    shutil.copy(PILOTS / "pilot_small.tflite", tmp_path / "mine.tflite")
    mine = Graph(
        cameras={"front": "synthetic:?size=64x48"},
        stages={"p": {"model": "mine.tflite", "task": "presence"}},
        base=tmp_path,
    )
    with Pipeline(mine, engine="lockstep").record(tmp_path / "run.mcap") as pipeline:
        pipeline.advance(0.3)
    assert replay(tmp_path / "run.mcap", mode="recorded").compare().same
    (tmp_path / "mine.tflite").unlink()
    with pytest.raises((ConfigError, ModelError), match=r"mine\.tflite"):
        replay(tmp_path / "run.mcap", mode="recorded")
    assert replay(tmp_path / "run.mcap").compare().same  # decisions need no model


def test_an_empty_recording_is_unreadable(tmp_path):
    (tmp_path / "empty.mcap").write_bytes(b"")
    with pytest.raises(RecordingError, match="is empty"):
        Recording.open(tmp_path / "empty.mcap")
