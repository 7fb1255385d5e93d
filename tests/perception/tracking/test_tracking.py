"""Tracks keep their numbers, whatever the rate."""

from __future__ import annotations

import numpy as np
import pytest

from edgeai.messages import Detections
from edgeai.perception.tracking import Tracker, TrackOptions
from edgeai.perception.tracking.motion import Motion, boxes_of, correct, predict, start

SECOND = 1_000_000_000


def detections(*boxes, score=0.9, class_id=0):
    box = np.array(boxes, np.float32).reshape(-1, 4)
    n = len(box)
    scores = np.broadcast_to(np.float32(score), n)
    return Detections(box, scores, np.full(n, class_id, np.int32), ("person",) * n)


def walker(t, x=0.0, speed=40.0, height=80.0):
    return (x + speed * t, 10.0, x + speed * t + 30.0, 10.0 + height)


def test_a_track_keeps_its_number_when_the_rate_changes():
    tracker = Tracker()
    numbers = set()
    for t in (0.0, 0.1, 0.2, 0.3, 1.0, 2.0, 2.05, 3.0):
        tracks = tracker.update(detections(walker(t), walker(t, x=300, speed=-40)), round(t * SECOND))
        numbers.add(tuple(sorted(tracks.track_id)))
    assert numbers == {(1, 2)}


def test_between_detections_a_track_is_where_its_motion_takes_it():
    tracker = Tracker()
    for k in range(10):
        tracks = tracker.update(detections(walker(k * 0.2)), k * SECOND // 5)
    then = tracks.at(round(2.1 * SECOND))
    np.testing.assert_allclose(then.box[0], walker(2.1), atol=2.0)
    assert list(then.track_id) == list(tracks.track_id)


def test_a_rate_five_times_lower_tells_the_same_place():
    places = []
    for step in (1, 5):
        tracker = Tracker()
        for k in range(0, 51, step):
            tracks = tracker.update(detections(walker(k * 0.04)), round(k * 0.04 * SECOND))
        places.append(tracks.at(round(2.2 * SECOND)).box[0])
    np.testing.assert_allclose(places[0], places[1], atol=3.0)


def test_one_who_is_hidden_comes_back_under_the_same_number():
    tracker = Tracker(TrackOptions(memory=2.0))
    for k in range(10):
        seen = tracker.update(detections(walker(k * 0.1)), k * SECOND // 10)
    hidden = tracker.update(detections(), SECOND)
    assert len(hidden) == 0
    assert list(hidden.at(SECOND).hidden.track_id) == list(seen.track_id)
    back = tracker.update(detections(walker(1.8)), round(1.8 * SECOND))
    assert list(back.track_id) == list(seen.track_id)


def test_one_who_stays_away_is_forgotten():
    tracker = Tracker(TrackOptions(memory=0.5))
    for k in range(5):
        tracker.update(detections(walker(k * 0.1)), k * SECOND // 10)
    tracker.update(detections(), SECOND)
    assert len(tracker.update(detections(), 2 * SECOND).hidden) == 0


def test_a_doubtful_detection_keeps_a_track_and_starts_none():
    tracker = Tracker()
    tracker.update(detections(walker(0)), 0)
    kept = tracker.update(detections(walker(0.1), score=0.2), SECOND // 10)
    assert list(kept.track_id) == [1]
    fresh = Tracker()
    for k in range(4):
        assert len(fresh.update(detections(walker(k * 0.1), score=0.2), k * SECOND // 10)) == 0


def test_a_single_false_detection_is_not_believed():
    tracker = Tracker()
    tracker.update(detections(walker(0)), 0)
    assert list(tracker.update(detections(walker(0.1), (500, 10, 530, 90)), SECOND // 10).track_id) == [1]
    assert list(tracker.update(detections(walker(0.2)), SECOND // 5).track_id) == [1]


def test_classes_do_not_mix():
    tracker = Tracker()
    tracker.update(detections(walker(0), class_id=0), 0)
    other = tracker.update(detections(walker(0.1), class_id=3), SECOND // 10)
    assert 1 not in other.track_id


def test_a_result_that_comes_late_is_numbered_and_teaches_nothing():
    tracker, other = Tracker(), Tracker()
    for k in range(6):
        found = detections(walker(k * 0.1), walker(k * 0.1, x=300, speed=-40))
        tracker.update(found, k * SECOND // 10)
        other.update(found, k * SECOND // 10)
    late = tracker.update(detections(walker(0.35, x=300, speed=-40), walker(0.35)), round(0.35 * SECOND))
    assert {number: round(float(box[0])) for number, box in zip(late.track_id, late.box, strict=True)} == {
        1: round(walker(0.35)[0]),
        2: round(walker(0.35, x=300, speed=-40)[0]),
    }
    again, expected = (each.update(detections(walker(0.6)), round(0.6 * SECOND)) for each in (tracker, other))
    np.testing.assert_array_equal(again.box, expected.box)
    assert list(again.track_id) == list(expected.track_id)


@pytest.mark.parametrize("box", [(5, 5, 5, 5), (9, 9, 3, 3), (0, 0, np.nan, 4), (0, 0, np.inf, 4)])
def test_absurd_boxes_are_left_out(box):
    tracker = Tracker()
    for k in range(3):
        tracks = tracker.update(detections(walker(k * 0.1), box), k * SECOND // 10)
    assert list(tracks.track_id) == [1]
    assert np.isfinite(tracks.box).all()


def test_many_small_steps_doubt_as_much_as_one_large_one():
    """The process noise is of continuous time: how often it is asked for changes nothing."""
    motion = start(np.array([[0.0, 0.0, 40.0, 100.0]]))
    many = motion
    for _ in range(100):
        many = predict(many, 0.01)
    once = predict(motion, 1.0)
    for name in Motion.__slots__:
        np.testing.assert_allclose(getattr(many, name), getattr(once, name), rtol=1e-9, atol=1e-9)


def test_a_correction_lies_between_prediction_and_detection():
    motion = predict(start(np.array([[0.0, 0.0, 40.0, 100.0]])), 0.5)
    better = boxes_of(correct(motion, np.array([[10.0, 0.0, 50.0, 100.0]])))
    assert 0.0 < better[0, 0] < 10.0
    assert (correct(motion, np.array([[10.0, 0.0, 50.0, 100.0]])).pp < motion.pp).all()
