import numpy as np
import pytest
from sklearn import metrics
from sklearn.cluster import KMeans

from kaizen.core.errors import UsageError
from kaizen.core.settings import GateRule
from kaizen.evaluation import scores


@pytest.fixture
def labels() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    truth = random.integers(0, 3, 200)
    return truth, np.where(random.random(200) < 0.7, truth, random.integers(0, 3, 200))


def test_classification_is_scikit_learns(labels: tuple[np.ndarray, np.ndarray]) -> None:
    found = scores.evaluate("classification", *labels)
    assert found == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(*labels),
            "balanced_accuracy": metrics.balanced_accuracy_score(*labels),
            "precision": metrics.precision_score(*labels, average="macro"),
            "recall": metrics.recall_score(*labels, average="macro"),
            "f1": metrics.f1_score(*labels, average="macro"),
        }
    )


def test_figures_are_about_the_class_that_is_named(labels: tuple[np.ndarray, np.ndarray]) -> None:
    truth, answer = (np.where(part == 1, "yes", "no") for part in labels)
    found = scores.evaluate("classification", truth, answer, positive="yes")
    assert found["recall"] == pytest.approx(metrics.recall_score(truth, answer, pos_label="yes"))
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, answer, pos_label="yes"))
    assert found["recall"] != pytest.approx(metrics.recall_score(truth, answer, average="macro"))


def test_regression_is_scikit_learns() -> None:
    truth, answer = np.array([3.0, -0.5, 2.0, 7.0]), np.array([2.5, 0.0, 2.0, 8.0])
    found = scores.evaluate("regression", truth, answer)
    assert found == pytest.approx(
        {"mse": 0.375, "rmse": 0.375**0.5, "mae": 0.5, "r2": metrics.r2_score(truth, answer)}
    )


def test_probabilities_are_scored_for_the_class_that_is_named() -> None:
    random = np.random.default_rng(3)
    truth = random.integers(0, 2, 200)
    leaves = np.clip(0.3 * truth + random.random(200) * 0.7, 0, 1)
    stated = np.column_stack([1 - leaves, leaves])
    answer = stated.argmax(axis=1)
    found = scores.evaluate("classification", truth, answer, 1, stated, (0, 1))
    assert set(found) == {*scores.CLASSIFICATION, "roc_auc", "average_precision"}
    assert found["roc_auc"] == metrics.roc_auc_score(truth, leaves)
    assert found["average_precision"] == metrics.average_precision_score(truth, leaves)
    other = scores.evaluate("classification", truth, answer, 0, stated, (0, 1))
    assert other["average_precision"] != found["average_precision"]


def test_probabilities_of_many_classes_are_scored_one_against_the_rest(
    labels: tuple[np.ndarray, np.ndarray],
) -> None:
    truth, answer = labels
    stated = np.random.default_rng(4).dirichlet(np.ones(4), len(truth))
    # No row is of the class 3: it has no say.
    found = scores.evaluate("classification", truth, answer, None, stated, (0, 1, 2, 3))
    areas = [metrics.roc_auc_score(truth == label, stated[:, label]) for label in range(3)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    only = scores.evaluate("classification", truth * 0, answer, None, stated, (0, 1, 2, 3))
    assert "roc_auc" not in only


def test_clustering_is_scikit_learns() -> None:
    random = np.random.default_rng(6)
    positions = random.normal(size=(80, 3))
    means = KMeans(4, n_init=1, random_state=0).fit(positions)
    found = scores.evaluate("clustering", positions, means.labels_ + 1)
    assert found == pytest.approx(
        {
            "silhouette": metrics.silhouette_score(positions, means.labels_),
            "davies_bouldin": metrics.davies_bouldin_score(positions, means.labels_),
            "calinski_harabasz": metrics.calinski_harabasz_score(positions, means.labels_),
            "inertia": means.inertia_,
        }
    )
    assert scores.evaluate("clustering", positions, np.ones(80, int)) == {}


def test_an_unknown_metric_offers_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown metric 'acuracy': did you mean 'accuracy'"):
        scores.score("acuracy")


@pytest.mark.parametrize(
    ("value", "words"), [(3295.71, "3,295.7"), (0.98154, "0.9815"), (0.000123, "0.000123")]
)
def test_numbers_as_people_read_them(value: float, words: str) -> None:
    assert scores.in_words(value) == words


@pytest.mark.parametrize(
    ("metric", "direction", "task", "words"),
    [
        ("mse", "higher", "regression", "lower is better for mse"),
        ("accuracy", "lower", "classification", "higher is better for accuracy"),
        ("acuracy", "higher", "classification", "did you mean 'accuracy'"),
        ("mse", "lower", "classification", "unknown metric of a classification"),
        ("roc_auc", "higher", "classification", "unknown metric of a classification"),
        ("inertia", "lower", "clustering", "unknown metric of a clustering"),
    ],
)
def test_a_gate_that_cannot_judge_is_refused_before_training(
    metric, direction, task, words
) -> None:
    with pytest.raises(UsageError, match=words):
        scores.check(GateRule(metric=metric, direction=direction), task)
    scores.check(GateRule(metric="mse", direction="lower"), "regression")
