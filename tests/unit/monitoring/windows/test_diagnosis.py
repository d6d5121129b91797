from typing import Any

import pytest

from kaizen.monitoring.drift import result as results
from kaizen.monitoring.drift.faults import Fault
from kaizen.monitoring.drift.result import Column, DriftResult, Finding
from kaizen.monitoring.performance.measured import Performance, unknown
from kaizen.monitoring.windows import diagnosis
from kaizen.monitoring.windows.assessment import Alarm

ANSWERS = ("exited", "confidence")
NONE = unknown("0 of 500 rows have a label")
GOOD = Performance(
    state="measured", metric="f1", direction="higher", value=0.6, low=0.55, high=0.65,
    baseline=0.6, rows=100, p=0.5, reason="not worse: f1 0.6",
)  # fmt: skip
BAD = GOOD.model_copy(
    update={"value": 0.3, "low": 0.2, "high": 0.4, "p": 0.0002, "worse": True, "reason": "f1 0.3"}
)


def drift_result(*drifted: str, quality: tuple[Finding, ...] = (), **more: Any) -> DriftResult:
    p = 0.0005 if drifted or more.get("drifted") else 0.5
    columns = [
        Column(
            name=name,
            statistic="ks",
            p=0.0005 if name in drifted else 0.5,
            effect=0.3,
            drifted=name in drifted,
        )
        for name in ("age", "balance", "exited", "confidence", "embedding")
    ]
    about = {
        "drifted": p < 0.006,
        "p_value": p,
        "effect": 2.0,
        "columns": tuple(columns),
        "tests": (),
        "quality": quality,
        "reference_rows": 1000,
        "window_rows": 500,
        "calibration": results.Calibration(draws=1999, window=500, level=0.006, note=""),
    }
    return DriftResult.model_validate(about | more)


def finding(kind: Any, column: str | None = "age", *, serious: bool = False) -> Finding:
    return Finding(column=column, kind=kind, detail=f"{column} is {kind}", serious=serious)


def alarms(found: DriftResult, labels: Performance = NONE, **more: Any) -> tuple[Alarm, ...]:
    return diagnosis.diagnose(found, labels, more.pop("estimate", NONE), ANSWERS, **more)[0]


def test_nothing_raises_nothing_and_says_what_is_not_known() -> None:
    found, why = diagnosis.diagnose(drift_result(), NONE, NONE, ANSWERS)
    assert found == ()
    assert "nothing is wrong as far as is known" in why
    assert "0 of 500 rows have a label" in why
    assert alarms(drift_result(), GOOD) == ()


def test_other_inputs_raise_data_whether_answers_follow_or_not() -> None:
    assert alarms(drift_result("age")) == ("data",)
    assert alarms(drift_result("age", "exited"), matched=drift_result("age")) == ("data",)
    assert alarms(drift_result(drifted=True)) == ("data",)


def test_worse_answers_to_other_inputs_are_told_by_the_reason() -> None:
    found, why = diagnosis.diagnose(drift_result("age"), BAD, NONE, ANSWERS)
    assert found == ("data",)
    assert "; performance is " in why


def test_another_mix_of_classes_raises_prediction() -> None:
    moved = drift_result("age", "exited", "confidence")
    assert diagnosis.mix_in_question(moved, ANSWERS)
    assert alarms(moved, matched=drift_result()) == ("prediction",)
    assert alarms(moved, BAD, matched=drift_result()) == ("prediction",)
    assert not diagnosis.mix_in_question(drift_result("age"), ANSWERS)
    assert not diagnosis.mix_in_question(drift_result(), ANSWERS)


def test_answers_that_drift_alone_raise_prediction() -> None:
    assert alarms(drift_result("exited")) == ("prediction",)


def test_a_mix_that_cannot_be_matched_is_said() -> None:
    found, why = diagnosis.diagnose(drift_result("age", "exited"), NONE, NONE, ANSWERS)
    assert found == ("data",)
    assert "cannot be ruled out" in why


def test_other_truths_for_the_same_inputs_raise_concept() -> None:
    assert alarms(drift_result(), BAD) == ("concept",)


def test_less_than_these_inputs_lead_to_expect_raises_concept_besides() -> None:
    guess = GOOD.model_copy(update={"state": "estimated", "low": 0.5, "high": 0.6})
    assert alarms(drift_result("age"), BAD, estimate=guess) == ("data", "concept")
    near = guess.model_copy(update={"low": 0.35})
    assert alarms(drift_result("age"), BAD, estimate=near) == ("data",)
    lower = {"direction": "lower", "metric": "mse"}
    worse = BAD.model_copy(update={**lower, "low": 30.0, "high": 40.0})
    calm = guess.model_copy(update={**lower, "low": 10.0, "high": 20.0})
    assert alarms(drift_result("age"), worse, estimate=calm) == ("data", "concept")


@pytest.mark.parametrize("kind", ["missing_column", "type", "no_values", "unreadable"])
def test_bad_data_explains_all_that_follows_from_it(kind: str) -> None:
    bad = finding(kind, serious=True)
    assert alarms(drift_result(quality=(bad,))) == ("quality",)
    assert alarms(drift_result("exited", "embedding", quality=(bad,)), BAD) == ("quality",)
    both, why = diagnosis.diagnose(drift_result("balance", quality=(bad,)), NONE, NONE, ANSWERS)
    assert both == ("quality", "data")
    assert "balance" in why


@pytest.mark.parametrize("kind", ["constant", "missing_values"])
def test_what_happens_by_chance_counts_where_the_column_drifted(kind: str) -> None:
    odd = finding(kind)
    found, why = diagnosis.diagnose(drift_result(quality=(odd,)), NONE, NONE, ANSWERS)
    assert found == ()
    assert odd.detail in why
    assert alarms(drift_result("age", "exited", quality=(odd,))) == ("quality",)


def test_always_the_same_answer_is_no_broken_feed() -> None:
    same = finding("constant", "exited")
    assert alarms(drift_result("exited", quality=(same,))) == ("prediction",)


def test_a_fault_explains_its_column_and_no_other() -> None:
    fault = Fault(column="age", share=1.0, detail="age is outside 18 to 92")
    assert alarms(drift_result("age", "exited"), faults=[fault]) == ("quality",)
    found, why = diagnosis.diagnose(drift_result("age", "balance"), NONE, NONE, ANSWERS, [fault])
    assert found == ("data",)
    assert fault.detail in why


def test_a_window_too_small_is_not_passed_in_silence() -> None:
    few = finding("rows", None, serious=True)
    small = drift_result(quality=(few,), p_value=None, effect=None, columns=())
    found, why = diagnosis.diagnose(small, NONE, NONE, ANSWERS)
    assert found == ()
    assert few.detail in why
    assert "not compared" in why
