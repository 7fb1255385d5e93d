"""What waits for the writer: pictures give way first, decisions never do in silence."""

from edgeai.errors import RecordingError
from edgeai.recording.backlog import Backlog
from edgeai.recording.logbook import Entry


def never(item):
    return False


def put(backlog, value, room, topic=str.upper):
    backlog.add(Entry(0, value), 10, room, topic, "cam")


def test_what_finds_no_room_is_counted_by_topic_and_the_rest_keeps_its_order():
    backlog = Backlog()
    put(backlog, "a picture", 20)
    backlog.order("begin a file")
    put(backlog, "another", 20)
    put(backlog, "one too many", 20)
    put(backlog, "a result", 30)
    assert [getattr(item, "value", item) for item in backlog.take(unless=never)] == [
        "a picture",
        "begin a file",
        "another",
        "a result",
    ]
    assert backlog.lost == {"CAM": 1}


def test_what_is_written_makes_room():
    backlog = Backlog()
    put(backlog, 1, 10)
    assert len(list(backlog.take(unless=never))) == 1
    put(backlog, 2, 10)
    assert [item.value for item in backlog.take(unless=never)] == [2]
    assert not backlog.lost


def test_nothing_overtakes_an_order_that_is_not_ready():
    backlog = Backlog()
    put(backlog, 1, 100)
    backlog.order("wait")
    put(backlog, 2, 100)
    assert [item.value for item in backlog.take(unless=lambda item: item == "wait")] == [1]
    assert len(list(backlog.take(unless=never))) == 2


def test_a_decision_without_room_ends_it():
    backlog = Backlog()
    put(backlog, "decision", 5, topic=None)
    put(backlog, "later", 100)
    (error,) = backlog.take(unless=never)
    assert isinstance(error, RecordingError)
    assert backlog.ended
