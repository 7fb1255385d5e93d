"""Whatever is in a file: a graph, or a ConfigError that says where; never anything else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeai import ConfigError
from edgeai.errors import Problem
from edgeai.graph import Graph

WORDS = st.sampled_from(
    re.findall(
        r"\S+",
        """
        cameras sensors stages outputs schedule front rear objects imu driver path input model call deadline rate weight
        threads labels mean std ssd policy lanes budget miss_rate video images v4l2 synthetic stream serial_lines jsonl
        console serial fixed loop rotate size fps columns crop intrinsics clip.mp4 clip.mp4?loop=1 v4l2:/dev/video0
        100ms 15fps 640x480 4.5W 1% auto os:getcwd << * rtsp://a:b@c/d
        """,
    )
)
SCALARS = st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.one_of(WORDS, SCALARS), inner, max_size=5),
    max_leaves=12,
)
NAMES = st.one_of(WORDS, st.text(max_size=4))
GRAPHS = st.fixed_dictionaries(
    {},
    optional={
        "cameras": st.dictionaries(NAMES, VALUES, max_size=3),
        "sensors": st.dictionaries(NAMES, VALUES, max_size=2),
        "stages": st.dictionaries(NAMES, st.dictionaries(WORDS, VALUES, max_size=5) | VALUES, max_size=3),
        "outputs": st.dictionaries(NAMES, VALUES, max_size=2),
        "schedule": st.dictionaries(WORDS, VALUES, max_size=3) | VALUES,
    },
)
FUZZ = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)


def attempt(make: Callable[[], Graph]) -> Graph | None:
    """Return the graph, or None after a ConfigError that holds problems; let anything else pass."""
    problems: tuple[Problem, ...] = ()
    try:
        return make()
    except ConfigError as error:
        problems = error.problems
        str(error).encode()
    assert problems
    assert all(problem.found and problem.expected for problem in problems)
    return None


def read(text: str | bytes) -> None:
    graph = attempt(lambda: Graph.parse(text, file="fuzz.yaml"))
    if graph is not None:
        assert Graph.parse(graph.to_yaml()).stages == graph.stages


@FUZZ
@given(GRAPHS)
def test_random_graphs(document):
    read(yaml.safe_dump(document, allow_unicode=True))


@FUZZ
@given(GRAPHS)
def test_random_graphs_in_python(document):
    attempt(lambda: Graph(**document))


@FUZZ
@given(VALUES)
def test_random_documents(document):
    read(yaml.safe_dump(document))


@FUZZ
@given(st.text(st.sampled_from("abc:?&*!|>%@-[]{}#,'\"\\\n\t 01<~.x\x00\ud800é"), max_size=60))
def test_random_text(text):
    read(text)


@FUZZ
@given(st.binary(max_size=60))
def test_random_bytes(content):
    read(content)


GOOD = b"""\
cameras: {front: &a {driver: video, path: clip.mp4, crop: [1, 2, 3, 4]}}
sensors: {imu: "serial_lines:/dev/ttyUSB0?baud=9600"}
stages:
  objects: {model: [a.tflite, b.tflite], rate: [2fps, 15fps], deadline: 100ms, input: front}
outputs: {console: , log: "jsonl:out.jsonl?stages=objects"}
schedule: {policy: power, budget: 4.5W}
"""


@FUZZ
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 12), st.binary(max_size=4))
def test_a_graph_with_a_piece_replaced(at, length, piece):
    read(GOOD[:at] + piece + GOOD[at + length :])


@pytest.mark.parametrize(
    "text", ["%YAML 9" + "9" * 5000 + ".1\n---\na: b\n", "a: " + "9" * 5000, "a: 1e999", "a: 0x" + "f" * 400]
)
def test_numbers_beyond_reason(text):
    read(text)
