"""YAML is read safely: plain values only, bounded, with the line of every mistake."""

from __future__ import annotations

import pytest

from edgeai import ConfigError
from edgeai.graph import Graph

STAGES = "stages:\n  objects: {model: detector.tflite}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cameras: {front: clip.mp4\nstages: {}\n", "rover.yaml:2: document: found a syntax error: "),
        ("cameras:\n\tfront: clip.mp4\n", "indent with spaces, not tabs"),
        ("cameras: 'abc\n", "expected YAML"),
        ("a: 1\n---\nb: 2\n", "rover.yaml:2: document: found a syntax error"),
        ("a: *nowhere\n", "found undefined alias 'nowhere'"),
        ('a: "\\UFFFFFFFF"\n', "document: found"),
        ("a: \x07\n", "rover.yaml:1: document: found the character '\\x07', expected printable text"),
        ("a: " + "[" * 60 + "\n", "found values nested deeper, expected at most 40 levels"),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line(wrong, text, expected):
    (line,) = wrong(text)
    assert expected in line


def test_text_in_another_encoding_is_said_with_its_line(folder):
    file = folder / "latin.yaml"
    file.write_bytes("cameras:\n  # größe\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.yaml:2: document: found the byte 0xf6, expected text in UTF-8"):
        Graph.load(file)


def test_a_document_of_a_megabyte_is_refused(wrong):
    (line,) = wrong("#" * 1_000_001)
    assert "expected a document of at most 1000000 bytes" in line


def test_a_key_given_twice_is_a_mistake_beside_the_others(wrong):
    lines = wrong(
        "cameras:\n  front: clip.mp4\n  front: other.mp4\nstages:\n  objects: {model: detector.tflite, top: 0}\n"
    )
    assert lines == [
        "rover.yaml:3: cameras.front: found the key 'front' again, expected each key once (it is on line 2)",
        "rover.yaml:5: stages.objects.top: found 0, expected a number of at least 1",
    ]


@pytest.mark.parametrize(
    "value", ["!!python/object/apply:os.system ['true']", "!secret password", "!!binary aGVsbG8=", "!!set {a, b}"]
)
def test_only_plain_values_are_read(wrong, value):
    lines = wrong(f"cameras:\n  front: {value}\n{STAGES}")
    assert "rover.yaml:2: cameras.front: found the tag '" in lines[0]
    assert "expected a plain value: text, a number, a list or a mapping" in lines[0]


def test_aliases_that_multiply_are_refused(wrong):
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)]
    (line,) = wrong("\n".join(rows))
    assert "found aliases that repeat too much" in line


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}", "a: &a [*a, *a, *a]"])
def test_an_alias_of_itself_is_refused(wrong, text):
    wrong(text)


@pytest.mark.parametrize("key", ["3", "true", "~", "[a]", "{a: b}", "1.5"])
def test_keys_are_names(wrong, key):
    lines = wrong(f"cameras:\n  ? {key}\n  : clip.mp4\n{STAGES}")
    assert any("as the key" in line and line.startswith("rover.yaml:2: cameras: ") for line in lines)


def test_aliases_and_merges_share_settings(load):
    graph = load("""\
        cameras:
          front: &settings {driver: video, path: clip.mp4, rotate: 90}
          rear: {<<: *settings, rotate: 180}
        stages:
          a: {input: front, model: detector.tflite}
          b: {input: rear, model: detector.tflite}
    """)
    assert graph.cameras["rear"].options == {"path": "clip.mp4", "rotate": 180}


def test_a_mistake_in_merged_settings_is_named_where_it_was_written(wrong):
    lines = wrong("""\
        cameras:
          front: &settings
            driver: video
            path: clip.mp4
            rotate: 45
          rear: {<<: *settings}
        stages:
          a: {input: front, model: detector.tflite}
    """)
    assert [line.partition(": found")[0] for line in lines] == [
        "rover.yaml:5: cameras.front.rotate",
        "rover.yaml:5: cameras.rear.rotate",
    ]


def test_words_that_old_yaml_takes_for_truth_stay_words(load):
    graph = load(
        "cameras: {on: clip.mp4}\nstages: {no: {input: on, model: detector.tflite}}\noutputs: {off: o.jsonl}\n"
    )
    assert (list(graph.cameras), list(graph.stages), list(graph.outputs)) == (["on"], ["no"], ["off"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rovr.yaml", "found no such file, expected a graph in a YAML file; did you mean 'rover.yaml'?"),
        ("", "found a folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder, name, expected):
    (folder / "rover.yaml").write_text("")
    with pytest.raises(ConfigError) as caught:
        Graph.load(folder / name)
    assert expected in str(caught.value)
    assert str(folder / name) in str(caught.value)
