import numpy as np
import pandas as pd

from kaizen.monitoring.performance import outcomes
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.evaluate import labelled_pairs


def answered(answers, labels, probabilities=None):
    events = [{"id": f"e{at}-0", "time": float(at)} for at in range(len(answers))]
    return outcomes.table(events, np.array(answers), labels, probabilities)


def test_answers_and_labels_come_back_as_they_were() -> None:
    table = answered([1, 0, 1], [True, None, 0], np.array([[0.2, 0.8]] * 3))
    assert table["id"].tolist() == ["e0-0", "e1-0", "e2-0"]
    assert outcomes.answers(table) == [1, 0, 1]
    assert outcomes.labels(table) == [True, None, 0]
    np.testing.assert_array_equal(outcomes.probabilities(table), [[0.2, 0.8]] * 3)
    text = answered(["cat", "dog"], [None, None])
    assert outcomes.answers(text) == ["cat", "dog"]
    assert outcomes.labels(text) == [None, None]
    assert outcomes.probabilities(text) is None


def test_answers_with_a_truth_are_drawn() -> None:
    known = np.array([0, 1] * 50)
    baseline = Baseline(
        truth=known, answers=known, probabilities=None, labels=(0, 1), positive=None,
        task="classification", metric="accuracy", direction="higher",
    )  # fmt: skip
    table = answered([1, 0, 1], [True, None, 0])
    found = labelled_pairs(baseline, table)
    assert found is not None
    assert (found.truth.tolist(), found.answers.tolist()) == ([1, 0], [1, 1])
    assert labelled_pairs(None, table) is None
    assert labelled_pairs(baseline, answered([1], [None])) is None
    assert isinstance(table, pd.DataFrame)
