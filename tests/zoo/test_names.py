"""Whatever a manifest calls its things, files stay in their folder."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import ModelError
from edgeai.zoo import Reference, is_name, is_path, parse_manifest

HARSH = st.text(st.sampled_from([*"aZ9.._-/\\:~ $%\0\n\u2025\uff0e"]), max_size=12)


@given(HARSH | st.text(max_size=80))
def test_a_name_is_one_part_of_a_path(text):
    if is_name(text):
        joined = os.path.normpath(os.path.join("/cache/zoo", text))
        assert joined == f"/cache/zoo/{text}"
        assert os.path.dirname(joined) == "/cache/zoo"
        assert text.isascii()
        assert len(text) <= 64


@given(HARSH | st.text(max_size=250))
def test_a_path_leads_down(text):
    if is_path(text):
        assert os.path.normpath(os.path.join("/mirror", text)) == f"/mirror/{text}"


@given(HARSH)
def test_a_reference_is_made_of_names(text):
    found = Reference.parse("zoo:" + text)
    if found is not None:
        assert is_name(found.family)
        assert found.variant is None or is_name(found.variant)
        assert str(found) == text


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "/etc/passwd", "a/b", "C:", "C:\\x", "a..b", ".hidden", "a.", "-a", "a b", "a\0", "é", "a" * 65],
)
def test_names_that_lead_elsewhere_are_none(name):
    assert not is_name(name)


@pytest.mark.parametrize("name", ["a", "0.25-128", "mobilenet_v1_0.25_128_quant", "A" * 64])
def test_usual_names_are_names(name):
    assert is_name(name)


@given(st.binary(max_size=200))
def test_what_is_no_manifest_is_said_to_be_none(content):
    with pytest.raises(ModelError):
        parse_manifest(content, "here")


def test_a_deeply_nested_manifest_is_refused():
    with pytest.raises(ModelError):
        parse_manifest(b'{"schema":' + b"[" * 1_000_000, "here")
