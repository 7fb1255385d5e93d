"""The metrics, against published figures and against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeai.messages import Detections
from edgeai.workbench.datasets import open_dataset
from edgeai.workbench.evaluate import judge, results
from edgeai.workbench.metrics import Confusion, auc, box_f1, correlation, pck, same_class, top_k
from edgeai.workbench.metrics.boxes import ious

corners = st.lists(st.integers(0, 40), min_size=4, max_size=4).map(
    lambda c: [min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3])]
)


def detections(*boxes, label="person", score=0.9):
    n = len(boxes)
    table = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(table, np.full(n, score, np.float32), np.zeros(n, np.int32), (label,) * n)


@pytest.mark.parametrize(("film", "mota", "idf1"), [("TUD-Campus", 0.526, 0.558), ("TUD-Stadtmitte", 0.564, 0.645)])
def test_tracks_score_what_py_motmetrics_publishes(assets, film, mota, idf1):
    pytest.importorskip("motmetrics", reason="the extra `evaluate` is not installed")
    folder = assets / "tracking" / film
    dataset = open_dataset(folder)
    found = judge("", None, dataset, results(folder / "example_tracker_output" / "test.txt", dataset))
    figures = {figure.metric: figure.value for figure in found.figures}
    assert figures["mota"] == pytest.approx(mota, abs=6e-4)
    assert figures["idf1"] == pytest.approx(idf1, abs=6e-4)


def test_boxes_score_what_pycocotools_shows_for_its_example_results(assets, tmp_path):
    pytest.importorskip("pycocotools", reason="the extra `evaluate` is not installed")
    folder = assets / "eval" / "coco_eval_ref"
    dataset = open_dataset(folder / "tests_test_coco_eval_gts_sampled_gts_bbox_area.json")
    found = judge("", None, dataset, results(folder / "tests_test_coco_eval_cocoapi_results.json", dataset))
    figures = {figure.metric: figure.value for figure in found.figures}
    assert figures["mAP"] == pytest.approx(0.505, abs=2e-3)
    assert figures["mAP50"] == pytest.approx(0.697, abs=2e-3)
    assert figures["mAP75"] == pytest.approx(0.573, abs=2e-3)


def test_top_k_counts_the_true_class_among_the_first():
    assert top_k([1, 2, 3, 4], [[1, 0], [0, 2], [0, 1], [4, 1]], 1) == 0.5
    assert top_k([1, 2, 3, 4], [[1, 0], [0, 2], [0, 1], [4, 1]], 2) == 0.75
    with pytest.raises(ValueError, match="no sample"):
        top_k([], [], 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_auc_is_the_chance_that_a_positive_scores_more(pairs):
    positives, negatives = ([score for there, score in pairs if there is wanted] for wanted in (True, False))
    truth, score = [there for there, _ in pairs], [score for _, score in pairs]
    if not positives or not negatives:
        with pytest.raises(ValueError, match="with and without"):
            auc(truth, score)
        return
    wins = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positives for n in negatives]
    assert auc(truth, score) == pytest.approx(np.mean(wins))


def test_mean_iou_of_a_map_worked_by_hand():
    book = Confusion()
    book.add(np.array([[0, 0, 1, 255]]), np.array([[0, 1, 1, 1]]))
    assert book.by_class() == {0: 0.5, 1: 0.5}
    book.add(np.array([[2, 2]]), np.array([[2, 2]]))
    assert book.mean() == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="the truth"):
        book.add(np.zeros((2, 2)), np.zeros((2, 3)))


def test_pck_counts_visible_points_within_reach_and_missing_ones_as_missed():
    truth = np.array([[[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]]])
    found = np.array([[[0.0, 3.0], [10.0, 5.1], [np.nan, np.nan]]])
    assert pck(truth, found, np.array([[True, True, False]]), np.array([5.0])) == 0.5
    assert pck(truth, found, np.array([[True, True, True]]), np.array([5.0])) == pytest.approx(1 / 3)


@given(st.lists(corners, max_size=4), st.lists(corners, max_size=4))
def test_overlaps_and_box_f1_do_not_depend_on_the_order(a, b):
    assert np.allclose(ious(a, b), ious(b, a).T)
    one, other = detections(*a), detections(*b)
    assert box_f1([one], [other]) == pytest.approx(box_f1([other], [one]))
    assert 0.0 <= box_f1([one], [other]) <= 1.0


def test_boxes_agree_only_where_labels_do():
    box = (0, 0, 10, 10)
    assert box_f1([detections(box)], [detections(box)]) == 1.0
    assert box_f1([detections(box)], [detections(box, label="dog")]) == 0.0
    assert box_f1([detections(box, (50, 50, 60, 60))], [detections(box)]) == pytest.approx(2 / 3)
    assert box_f1([detections()], [detections()]) == 1.0


def test_agreement_of_classes_and_numbers():
    assert same_class([1, 2, 3], [1, 2, 4]) == pytest.approx(2 / 3)
    assert correlation([1, 2, 3], [2, 4, 6.5]) == pytest.approx(np.corrcoef([1, 2, 3], [2, 4, 6.5])[0, 1])
    with pytest.raises(ValueError, match="constant"):
        correlation([1, 1], [1, 2])
