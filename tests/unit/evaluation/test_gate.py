from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.settings import GateRule
from kaizen.evaluation import gate

MSE = GateRule(metric="mse", direction="lower")
ACCURACY = GateRule(metric="accuracy", direction="higher")


@cache
def diabetes(alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Truth and Ridge's answers on the 89 held-out rows of the published split."""
    rows, target = load_diabetes(return_X_y=True)
    train, holdout, learnt, truth = train_test_split(rows, target, test_size=0.2, random_state=0)
    return truth, Ridge(alpha).fit(train, learnt).predict(holdout)


def judge(champion: float, challenger: float, rule: GateRule = MSE) -> gate.Decision:
    truth, old = diabetes(champion)
    return gate.decide(rule, truth, diabetes(challenger)[1], old, champion_version="12")


class TestDiabetes:
    """The published figures: 20 % split, seed 0."""

    def test_a_gain_of_2_48_per_cent_is_promoted(self) -> None:
        decision = judge(1.0, 0.4)
        assert decision.promoted
        assert decision.challenger == pytest.approx(3295.7, abs=0.05)
        assert decision.champion == pytest.approx(3379.4, abs=0.05)
        assert decision.gain == pytest.approx(0.0248, abs=5e-5)
        assert decision.risk == pytest.approx(0.016, abs=0.006)
        assert decision.low < 0 < decision.gain < decision.high
        assert decision.rows == 89
        assert decision.reason.startswith(
            "Promoted: mse 3,295.7 against 3,379.4 of v12: 2.48 % better (95 % −"
        )

    def test_a_loss_of_22_6_per_cent_is_refused(self) -> None:
        decision = judge(0.4, 5.0)
        assert not decision.promoted
        assert decision.gain == pytest.approx(-0.226, abs=5e-4)
        assert decision.risk == pytest.approx(0.96, abs=0.015)
        start = "Refused: mse 4,040.2 against 3,295.7 of v12, lower is better. 22.6 % worse"
        assert decision.reason.startswith(start)

    def test_a_gain_below_the_margin_is_refused(self) -> None:
        decision = judge(0.5, 0.4)
        assert not decision.promoted
        assert decision.gain == pytest.approx(0.001, abs=1e-4)
        assert "0.10 % better" in decision.reason
        assert "the margin is 0.50 %" in decision.reason
        assert judge(0.5, 0.4, MSE.model_copy(update={"margin": 0.0})).promoted

    def test_a_gain_that_may_be_a_loss_is_refused(self) -> None:
        decision = judge(1.0, 0.4, MSE.model_copy(update={"risk": 0.001}))
        assert not decision.promoted
        assert "is over 0.001 on 89 rows" in decision.reason

    def test_the_seed_decides_the_interval_alone(self) -> None:
        truth, old = diabetes(1.0)
        new = diabetes(0.4)[1]
        first, again, other = (gate.decide(MSE, truth, new, old, seed=seed) for seed in (0, 0, 1))
        assert first == again
        assert (first.low, first.gain) != (other.low, other.gain)
        assert first.gain == other.gain


class TestSilhouette:
    """Segments without a truth are judged by where the rows lie."""

    RULE = GateRule(metric="silhouette", direction="higher")

    @staticmethod
    def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (n, 2) in three heaps, the right segments, and two heaps taken for one."""
        random = np.random.default_rng(0)
        heap = np.repeat([0, 1, 2], 50)
        positions = random.normal(size=(150, 2)) + 6 * np.eye(3)[heap][:, :2]
        return positions, heap + 1, np.where(heap == 2, 1, heap)

    def test_the_better_segments_are_promoted_and_the_worse_refused(self) -> None:
        positions, right, merged = self.rows()
        decision = gate.decide(self.RULE, positions, right, merged, champion_version="1")
        assert decision.promoted
        assert decision.challenger == metrics.silhouette_score(positions, right)
        assert decision.champion == metrics.silhouette_score(positions, merged)
        assert not gate.decide(self.RULE, positions, merged, right).promoted
        renamed = gate.decide(self.RULE, positions, 10 - right, right)
        assert "equal is not better" in renamed.reason

    def test_new_rows_that_all_lie_in_one_segment_are_no_accident(self) -> None:
        positions, right, merged = self.rows()
        decision = gate.decide(self.RULE, positions, right, merged, new=right == 3)
        assert not decision.promoted
        assert decision.challenger == 0.0

    def test_a_segment_for_each_row_is_asked_for(self) -> None:
        positions, right, _ = self.rows()
        with pytest.raises(KaizenError, match=r"shape \(150, 2\) and the answers \(149,\)"):
            gate.decide(self.RULE, positions, right[1:])


def test_the_first_model_passes() -> None:
    decision = gate.decide(MSE, *diabetes(0.4))
    assert decision.promoted
    assert decision.reason == "Promoted: the first model, mse 3,295.7 on 89 rows."
    assert decision.champion is None


def test_equal_is_refused_even_without_a_margin() -> None:
    decision = judge(0.4, 0.4, MSE.model_copy(update={"margin": 0.0}))
    assert not decision.promoted
    assert "equal is not better" in decision.reason


class TestMissingMetric:
    def refused(self, reason: str, *arguments: object, rule: GateRule = MSE) -> None:
        decision = gate.decide(rule, *arguments)  # type: ignore[arg-type]
        assert not decision.promoted
        assert reason in decision.reason

    def test_no_answers(self) -> None:
        self.refused("mse of the challenger is missing: there are no answers", np.ones(3), None)

    def test_no_rows(self) -> None:
        self.refused("there are no held-out rows", np.array([]), np.array([]))

    @pytest.mark.parametrize("champion", [None, np.ones(3)])
    def test_an_answer_that_is_no_number(self, champion: np.ndarray | None) -> None:
        answers = np.array([1, np.nan, np.nan])
        self.refused("2 of 3 rows have no answer", np.ones(3), answers, champion)

    def test_a_truth_that_is_no_number(self) -> None:
        self.refused("1 of 2 rows have no truth", np.array([1, np.nan]), np.ones(2))

    def test_a_champion_that_does_not_answer(self) -> None:
        answers = np.ones(2), np.ones(2), np.array([np.nan, 1])
        self.refused("mse of the champion is missing", *answers)

    def test_an_infinite_answer(self) -> None:
        self.refused("is missing: ", np.ones(2), np.array([1, np.inf]), np.ones(2))

    def test_a_score_that_does_not_exist(self) -> None:
        rule = GateRule(metric="r2", direction="higher")
        with pytest.warns(UserWarning, match="R\\^2"):
            self.refused("is missing: it is nan", np.ones(1), np.ones(1), rule=rule)

    def test_labels_of_another_kind(self) -> None:
        answers = np.array(["a", "b"], dtype=object)
        self.refused("accuracy of the challenger is missing", np.ones(2), answers, rule=ACCURACY)


def test_a_metric_no_one_knows_is_a_wrong_word() -> None:
    with pytest.raises(UsageError, match="did you mean 'mse'"):
        gate.decide(MSE.model_copy(update={"metric": "msee"}), np.ones(2), np.ones(2))


def test_answers_of_another_length_are_an_error() -> None:
    with pytest.raises(KaizenError, match=r"\(3,\).*\(2,\)"):
        gate.decide(MSE, np.ones(3), np.ones(2), np.ones(3))


def test_recall_is_about_the_positive_class() -> None:
    truth = np.array([1] * 50 + [0] * 50)
    cautious = np.array([1] * 40 + [0] * 60)
    bold = np.array([1] * 80 + [0] * 20)
    rule = GateRule(metric="recall", direction="higher")
    decision = gate.decide(rule, truth, bold, cautious, positive=1)
    assert (decision.challenger, decision.champion) == (1.0, 0.8)
    assert decision.promoted
    assert not gate.decide(rule, truth, bold, cautious).promoted


def test_a_champion_of_zero_leaves_no_share_to_print() -> None:
    truth = np.ones(40)
    decision = gate.decide(ACCURACY, truth, truth, np.zeros(40))
    assert decision.promoted
    assert decision.gain is None
    assert decision.model_dump_json()


class TestNewData:
    """Superior on what the champion's data did not have, not inferior on what it had."""

    def decide(self, new: float, old: float, fresh: int = 200, older: int = 200) -> gate.Decision:
        """Errors of the challenger relative to the champion's, on new and on older rows."""
        random = np.random.default_rng(0)
        truth = random.normal(size=fresh + older)
        error = random.normal(size=fresh + older)
        mask = np.arange(fresh + older) < fresh
        challenger = truth + error * np.where(mask, new, old)
        return gate.decide(MSE, truth, challenger, truth + error, champion_version="3", new=mask)

    def test_better_on_new_and_as_good_on_older_is_promoted(self) -> None:
        decision = self.decide(new=0.8, old=1.0)
        assert decision.promoted
        assert decision.rows == 200
        assert decision.gain == pytest.approx(0.36)
        assert "200 new rows" in decision.reason
        assert "On 200 older rows" in decision.reason

    def test_a_small_loss_on_older_is_tolerated(self) -> None:
        assert self.decide(new=0.8, old=1.02).promoted

    def test_a_large_loss_on_older_is_refused(self) -> None:
        decision = self.decide(new=0.5, old=1.1)
        assert not decision.promoted
        assert decision.gain == pytest.approx(-0.21)
        assert decision.risk == 1
        assert "older rows" in decision.reason

    def test_worse_on_new_is_refused_however_good_on_older(self) -> None:
        decision = self.decide(new=1.1, old=0.1)
        assert not decision.promoted
        assert "200 new rows" in decision.reason

    @pytest.mark.parametrize(("fresh", "older"), [(29, 200), (200, 29), (200, 0)])
    def test_too_few_of_a_kind_are_judged_together(self, fresh: int, older: int) -> None:
        decision = self.decide(new=0.8, old=0.8, fresh=fresh, older=older)
        assert decision.promoted
        assert decision.rows == fresh + older
        assert f"Judged on all rows: {fresh} new and {older} older" in decision.reason

    def test_thirty_are_enough(self) -> None:
        assert self.decide(new=0.8, old=1.0, fresh=30, older=30).rows == 30

    def test_a_mask_of_another_length_is_an_error(self) -> None:
        with pytest.raises(KaizenError, match="mask of new rows"):
            gate.decide(MSE, np.ones(3), np.ones(3), np.ones(3), new=np.ones(2, dtype=bool))


QUICK = {"resamples": 200}
RULES = [
    MSE.model_copy(update=QUICK),
    ACCURACY.model_copy(update=QUICK),
    GateRule(metric="f1", direction="higher", **QUICK),
    GateRule(metric="r2", direction="higher", margin=0, tolerance=0, risk=0.9, **QUICK),
]
SEEDS = st.integers(0, 2**32 - 1)


def contest(rule: GateRule, seed: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth and two sets of answers of random quality."""
    random = np.random.default_rng(seed)
    if rule.metric in ("mse", "r2"):
        truth = random.normal(size=rows)
        first, second = (truth + random.gamma(1) * random.normal(size=rows) for _ in range(2))
    else:
        truth = random.integers(0, 3, rows)
        first, second = (
            np.where(random.random(rows) < random.random(), truth, random.integers(0, 3, rows))
            for _ in range(2)
        )
    return truth, first, second


@settings(max_examples=40, deadline=None)
@given(rule=st.sampled_from(RULES), seed=SEEDS, rows=st.integers(2, 120))
def test_no_model_both_beats_another_and_is_beaten(rule: GateRule, seed: int, rows: int) -> None:
    truth, first, second = contest(rule, seed, rows)
    one, other = gate.decide(rule, truth, first, second), gate.decide(rule, truth, second, first)
    assert not (one.promoted and other.promoted)


@settings(max_examples=40, deadline=None)
@given(rule=st.sampled_from(RULES), seed=SEEDS, rows=st.integers(2, 120))
def test_the_same_answers_are_always_refused(rule: GateRule, seed: int, rows: int) -> None:
    truth, answers, _ = contest(rule, seed, rows)
    assert not gate.decide(rule, truth, answers, answers.copy()).promoted


@settings(max_examples=40, deadline=None)
@given(rule=st.sampled_from(RULES), seed=SEEDS, rows=st.integers(60, 200))
def test_a_perfect_challenger_is_always_promoted(rule: GateRule, seed: int, rows: int) -> None:
    truth, _, champion = contest(rule, seed, rows)
    champion[:3] = (truth[:3] + 1) % 3
    decision = gate.decide(rule, truth, truth.copy(), champion)
    assert decision.promoted, decision.reason
