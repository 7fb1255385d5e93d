from __future__ import annotations

import numpy as np
import pytest

from edgeai.clock import VirtualClock
from edgeai.errors import DeviceError
from edgeai.messages import Classification, ClassMap, Embedding, Keypoints, Score, Tensors
from edgeai_drivers.outputs.console import Console, line, summary


def test_a_line_says_when_what_and_how_old(result, detections):
    assert line(result(detections, 10), zero=5_000_000_000) == (
        "    0.400 s  objects #10  34.2 ms  person 0.91 [120,80 300,400], dog 0.55 [420,60 520,200]"
    )


def test_every_value_has_a_summary(steering):
    assert summary(steering) == "steering -0.125, speed +1.5 m/s"
    assert summary(Classification(np.array([0.5]), np.array([1]), ("cat",))) == "cat 0.50"
    assert summary(Tensors({"pose": np.zeros((1, 17, 3), np.float32)})) == "pose float32[1, 17, 3]"
    pose = Keypoints(np.array([[[1, 2], [3, 4]]], np.float32), None, ("nose", "tail"))
    assert summary(pose) == "nose [1,2] tail [3,4]"
    assert summary(pose.take([])) == "nothing"
    areas = ClassMap(np.array([[0, 0, 1]], np.uint8), ("sky", "sea"), (3, 1), (0, 0, 3, 1))
    assert summary(areas) == "sky 66.7%, sea 33.3%"
    assert summary(Embedding(np.zeros(128, np.float32))) == "128 numbers"
    assert summary(Score("wear", 2.25, 1.5)) == "wear 2.25 (over 1.5)"
    assert summary(Score("wear", 2.25)) == "wear 2.25"
    assert summary("docked") == "docked"
    assert summary({"x": 1}) == "{'x': 1}"


def test_looked_and_saw_nothing_is_said(detections):
    assert summary(detections.keep("cat")) == "nothing"


def test_a_result_carried_forward_is_marked(result, steering):
    assert "(coasted) steering" in line(result(steering, basis="coasted"), 0)


def test_a_line_stays_one_line_of_bounded_length(result):
    text = line(result("a\nb\x1b[2J" + "c" * 1000), 0)
    assert text.isprintable()
    assert len(text) < 250
    assert text.endswith("c…")


def test_time_counts_from_the_first_result(opened, result, steering, capsys):
    out = opened(Console)
    out.write(result(steering, 10), None)
    out.write(result(steering, 60), None)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("    0.000 s  objects #10")
    assert second.startswith("    2.000 s  objects #60")


def test_the_rate_limits_each_stream_by_itself(result, capsys):
    clock = VirtualClock()
    out = Console("out", Console.Options(rate=2.0, to="stderr"))
    out.open(clock)
    for seq in range(100):
        clock.sleep_until(seq * 10_000_000)
        out.write(result(1, seq, "a"), None)
        out.write(result(1, seq, "b"), None)
    out.close()
    shown = [text.split()[2:4] for text in capsys.readouterr().err.splitlines()]
    assert shown == [["a", "#0"], ["b", "#0"], ["a", "#50"], ["b", "#50"]]


def test_an_output_that_is_closed_says_so(result):
    with pytest.raises(DeviceError, match="is not open"):
        Console("out", Console.Options()).write(result(1), None)
