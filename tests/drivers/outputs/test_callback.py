from __future__ import annotations

import pytest
from edgeai_drivers.outputs import Callback

from edgeai.clock import SystemClock
from edgeai.plugins import names


def test_a_function_gets_each_result(result):
    seen = []
    with Callback("mine", seen.append) as out:
        out.open(SystemClock())
        out.write(result(1, 3), None)
    assert [r.seq for r in seen] == [3]
    assert (out.wants_frames, out.keeps) == (False, "all")


def test_a_function_may_ask_for_the_frame_and_for_the_newest_only(result, frame):
    seen = []
    with Callback("mine", lambda r, f: seen.append((r.seq, f.size)), frames=True, newest=True) as out:
        out.open(SystemClock())
        out.write(result(1, 3), frame(3))
    assert seen == [(3, (640, 480))]
    assert (out.wants_frames, out.keeps) == (True, "newest")


def test_what_the_function_raises_reaches_the_runtime(result):
    with Callback("mine", lambda r: 1 / 0) as out:
        out.open(SystemClock())
        with pytest.raises(ZeroDivisionError):
            out.write(result(1), None)


def test_a_graph_cannot_name_it():
    assert "callback" not in names("outputs")
