import numpy as np
import pytest
from sklearn import metrics

from kaizen.evaluation import bootstrap, resampled_scores, scores

ROWS = 60


def answers(metric: str) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    if metric in scores.REGRESSION:
        truth = random.normal(1000, 3, ROWS)
        return truth, truth + random.normal(0, 1, ROWS)
    truth = random.choice(["cat", "dog", "other"], ROWS, p=[0.9, 0.07, 0.03])
    return truth, np.where(random.random(ROWS) < 0.8, truth, random.permutation(truth))


@pytest.mark.parametrize("positive", [None, "dog"])
@pytest.mark.parametrize("metric", [*scores.CLASSIFICATION, *scores.REGRESSION])
def test_every_draw_is_scored_as_scikit_learn_would(metric: str, positive: str | None) -> None:
    truth, answer = answers(metric)
    weights = np.concatenate(list(bootstrap.weightings(ROWS, 50, seed=1)))
    fast = resampled_scores.scorer(metric, truth, answer, positive)(weights)
    compute = scores.score(metric, positive)
    rows = [np.repeat(np.arange(ROWS), draw.astype(int)) for draw in weights]
    slow = [compute(truth[chosen], answer[chosen]) for chosen in rows]
    np.testing.assert_allclose(fast, slow, rtol=1e-9)


def test_a_silhouette_is_drawn_row_by_row() -> None:
    random = np.random.default_rng(5)
    segment = random.integers(0, 3, ROWS)
    positions = random.normal(size=(ROWS, 2)) + 3 * segment[:, None]
    score = resampled_scores.scorer("silhouette", positions, segment)
    each = metrics.silhouette_samples(positions, segment)
    weights = np.concatenate(list(bootstrap.weightings(ROWS, 50, seed=1)))
    expected = [np.average(each, weights=draw) for draw in weights]
    np.testing.assert_allclose(score(weights), expected)
    whole = scores.score("silhouette")(positions, segment)
    np.testing.assert_allclose(score(np.ones((1, ROWS))), [whole])


def test_a_draw_has_as_many_rows_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "DRAWN_AT_ONCE", 7 * ROWS)
    blocks = list(bootstrap.weightings(ROWS, 50, seed=1))
    assert [len(block) for block in blocks] == [7] * 7 + [1]
    weights = np.concatenate(blocks)
    assert (weights.sum(axis=1) == ROWS).all()
    # Each row is drawn once on average, and one draw in e leaves it out.
    assert weights.mean() == 1
    assert np.mean(weights == 0) == pytest.approx(np.exp(-1), abs=0.02)


def test_gains_are_paired_and_repeatable() -> None:
    truth = np.random.default_rng(0).normal(size=ROWS)
    hard = truth + np.random.default_rng(1).normal(size=ROWS)
    arguments = {"resamples": 500, "seed": 4}
    equal = bootstrap.gains("mse", "lower", truth, hard, hard.copy(), **arguments)
    assert not equal.any()
    better = truth + 0.9 * (hard - truth)
    first = bootstrap.gains("mse", "lower", truth, better, hard, **arguments)
    again = bootstrap.gains("mse", "lower", truth, better, hard, **arguments)
    # Unpaired draws would spread widely around 19 %.
    np.testing.assert_allclose(first, 0.19)
    np.testing.assert_array_equal(first, again)


def test_a_draw_without_a_score_counts_as_a_loss() -> None:
    truth = np.array([0.0, 0.0, 0.0, 1.0])
    answer = np.array([0.0, 0.1, 0.0, 1.0])
    found = bootstrap.gains("r2", "higher", truth, truth, answer, resamples=400, seed=0)
    assert np.mean(found == -np.inf) == pytest.approx(0.75**4 + 0.25**4, abs=0.1)


@pytest.mark.parametrize(
    ("challenger", "champion", "direction", "gain"),
    [
        (90, 100, "lower", 0.1),
        (90, 100, "higher", -0.1),
        (-1, -2, "higher", 0.5),
        (0, 0, "lower", 0),
        (0.1, 0, "higher", np.inf),
        (0.1, 0, "lower", -np.inf),
    ],
)
def test_relative_gain(challenger: float, champion: float, direction: str, gain: float) -> None:
    assert bootstrap.relative_gain(challenger, champion, direction) == pytest.approx(gain)
