"""A folder with a graph's files in it, and what is found wrong in a text."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from edgeai import ConfigError
from edgeai.graph import Graph


@pytest.fixture
def folder(tmp_path):
    """A folder with two models, a clip and labels; only their names matter to a graph."""
    for name in ("detector.tflite", "detector_small.tflite", "clip.mp4", "labels.txt"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


@pytest.fixture
def load(folder):
    """Load a graph from a text, as the file rover.yaml in the folder."""

    def load(text: str, **options) -> Graph:
        file = Path(folder) / "rover.yaml"
        file.write_text(textwrap.dedent(text))
        return Graph.load(file, **options)

    return load


@pytest.fixture
def wrong(load, folder):
    """Return the sentences about a text, the folder left out of their file names."""

    def wrong(text: str, **options) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, **options)
        assert [str(problem) for problem in caught.value.problems] == str(caught.value).splitlines()
        return [line.replace(f"{folder}/", "") for line in str(caught.value).splitlines()]

    return wrong
