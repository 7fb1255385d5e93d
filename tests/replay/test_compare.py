"""Runs compared: what counts as a difference, and what does not."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.errors import RecordingError
from edgeai.messages import Column, Detections, Regression, Result
from edgeai.replay.boxes import match_boxes, overlap
from edgeai.replay.compare import Rule, Rules, compare
from edgeai.replay.golden import Golden, check_golden, load_golden, save_golden
from edgeai.replay.picture import divergence_picture
from edgeai.replay.report import junit, markdown
from edgeai.replay.rows import Row, digest, result_row


def found(*boxes, score=0.9, label="person"):
    return [{"box": list(box), "score": score, "class_id": 0, "label": label} for box in boxes]


def row(key, value, topic="objects", **fields):
    return Row(topic, key, {"stamp": key * 1000, "value": value, **fields})


def test_equal_runs_are_the_same_and_have_one_hash():
    rows = [row(1, 0.1), row(2, 0.2)]
    assert compare(rows, list(reversed(rows))).same
    assert digest(rows) == digest([row(1, 0.1), row(2, 0.2)])
    assert digest(rows) != digest([row(1, 0.1), row(2, math.nextafter(0.2, 1))])


def test_the_first_divergence_is_the_earliest_of_all_topics():
    expected = [row(5, 1.0, "b"), row(2, 1.0, "a"), row(3, 1.0, "b")]
    actual = [row(5, 2.0, "b"), row(2, 1.0, "a"), row(3, 1.5, "b")]
    comparison = compare(expected, actual)
    assert str(comparison.first) == "b 3 value: expected 1, found 1.5"
    assert comparison.topics["b"].changed == 2
    assert comparison.topics["a"].same


def test_the_rows_of_the_first_result_that_differs_are_there_whole():
    """For its picture: all boxes of the frame, not only the number that differs."""
    expected, actual = found((0, 0, 9, 9), (20, 20, 30, 30)), found((0, 0, 9, 9), (20, 20, 30, 30), score=0.5)
    comparison = compare([row(1, expected), row(2, 0)], [row(1, actual), row(2, 1)])
    assert [one.fields["value"] for one in comparison.rows] == [expected, actual]
    assert compare([row(1, 0)], []).rows == (row(1, 0), None)
    assert compare([], []).rows == (None, None)


def test_a_missing_row_and_a_new_topic_are_differences():
    comparison = compare([row(1, 0), row(2, 0)], [row(1, 0), row(1, 0, "other")])
    assert {(d.topic, d.key) for d in comparison.differences} == {("objects", 2), ("other", 1)}


def test_a_tolerance_is_absolute_plus_relative_and_only_where_it_is_said():
    rules = Rules((Rule("objects.value", absolute=0.1, relative=0.01),))
    assert compare([row(1, 100.0)], [row(1, 101.1)], rules).same
    assert not compare([row(1, 100.0)], [row(1, 101.2)], rules).same
    assert not compare([row(1, 100.0, extra=1.0)], [row(1, 100.0, extra=1.05)], rules).same


def test_numbers_that_are_no_numbers_are_equal_and_true_is_not_one():
    assert compare([row(1, math.nan)], [row(1, math.nan)]).same
    assert not compare([row(1, math.nan)], [row(1, 0.0)]).same
    assert not compare([row(1, True)], [row(1, 1)]).same


def test_what_is_ignored_is_not_compared():
    rules = Rules((Rule("*.published", ignore=True), Rule("noise", ignore=True)))
    assert compare([row(1, 0, published=1)], [row(1, 0, published=2), row(1, 0, "noise")], rules).same


def test_boxes_are_matched_by_overlap_whatever_their_order():
    rules = Rules((Rule("objects.value", iou=0.8), Rule("objects.value.*.score", absolute=0.05)))
    expected = found((0, 0, 10, 10), (50, 50, 80, 90))
    assert compare([row(1, expected)], [row(1, found((50, 51, 80, 90), (0, 0, 10, 10.5)))], rules).same
    moved = compare([row(1, expected)], [row(1, found((0, 0, 10, 10), (60, 60, 90, 99)))], rules)
    assert [(d.expected == "nothing", d.actual == "nothing") for d in moved.differences] == [
        (False, True),
        (True, False),
    ]
    assert not compare([row(1, expected)], [row(1, found((0, 0, 10, 10), (50, 50, 80, 90), score=0.8))], rules).same


def test_boxes_of_another_class_do_not_match():
    others = [{**box, "class_id": 7} for box in found((0, 0, 10, 10))]
    assert match_boxes(found((0, 0, 10, 10)), others, 0.5) == []


@given(st.lists(st.tuples(*[st.floats(0, 100) for _ in range(4)]), max_size=6))
def test_every_proper_box_matches_itself(corners):
    boxes = found(*[(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for a, b, c, d in corners])
    assert len(match_boxes(boxes, boxes, 0.999999)) == len(boxes)


def test_overlap_of_boxes():
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 0, 0), (0, 0, 1, 1)) == 0.0


def test_a_result_becomes_a_row_without_rounding():
    detections = Detections(
        np.array([[0.1, 0.2, 3.0, 4.0]], np.float32), np.array([0.7], np.float32), np.array([3], np.int32), ("cup",)
    )
    result = Result("objects", 4, 100, detections, (("front", 4),), (("objects", "published", 150),), variant="m")
    fields = result_row(result).fields
    assert fields["value"] == [
        {"box": [np.float32(0.1), np.float32(0.2), 3.0, 4.0], "score": np.float32(0.7), "class_id": 3, "label": "cup"}
    ]
    assert (fields["published"], fields["inputs"]) == (150, [["front", 4]])


def test_a_golden_is_read_as_it_was_written(tmp_path):
    golden = Golden((row(1, found((0, 0, 1, 1))),), Rules((Rule("objects.value", iou=0.9),)), lossy=True)
    save_golden(tmp_path / "hall.golden", golden)
    again = load_golden(tmp_path / "hall.golden")
    assert again == golden
    assert again.compare([row(1, found((0, 0, 1, 1))), row(9, 0, "other stream")]).same


HEAD = '{"edgeai":"golden","version":1,"lossy":false,"rules":[]}'


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"edgeai":"golden"}', f"{HEAD}\n[1]"])
def test_what_is_no_golden_is_refused_with_a_sentence(tmp_path, text):
    path = tmp_path / "x.golden"
    path.write_text(text)
    with pytest.raises(RecordingError, match="--update"):
        load_golden(path)


def test_a_golden_of_a_later_form_asks_for_an_update(tmp_path):
    path = tmp_path / "x.golden"
    path.write_text('{"edgeai":"golden","version":99,"lossy":false,"rules":[]}\n')
    with pytest.raises(RecordingError, match="update edgeai"):
        load_golden(path)


def test_lossy_pictures_refuse_an_exact_golden():
    with pytest.raises(RecordingError, match="lossy"):
        check_golden(Rules(), lossy=True)
    check_golden(Rules((Rule("*.value", iou=0.9),)), lossy=True)
    check_golden(Rules(), lossy=False)


def test_reports_name_the_first_divergence():
    comparison = compare([row(1, 1.0), row(2, 1.0)], [row(1, 1.0), row(2, 3.0)])
    assert "`objects 2 value: expected 1, found 3`" in markdown(comparison, "hall")
    suite = ElementTree.fromstring(junit(comparison, "hall"))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "expected 1, found 3" in suite.find("testcase/failure").text
    assert "the same" in markdown(compare([], []))


def test_the_picture_of_a_divergence_shows_both_runs():
    image = np.zeros((120, 160, 3), np.uint8)
    drawn = divergence_picture(image, "objects", found((20, 30, 60, 100)), [])
    assert drawn.shape == (120, 326, 3)
    assert drawn[30:100, 20:60].any()
    assert not drawn[60:110, 166 + 20 : 166 + 60].any()
    text = divergence_picture(image, "steering", {"steering": 0.2}, Regression((0.1,), (Column("steering"),)))
    assert text.any()
