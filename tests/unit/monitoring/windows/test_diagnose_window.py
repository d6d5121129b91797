"""Five scenarios from rows to alarms; benchmarks/drift/causes.py counts many more."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.performance import labelled
from kaizen.monitoring.performance.baseline import Baseline
from kaizen.monitoring.performance.measured import unknown
from kaizen.monitoring.windows import label_shift
from kaizen.monitoring.windows.diagnosis import diagnose_window

ANSWERS = ("sick", "confidence")
NONE = unknown("not asked")
LEVELS = (0.02, 0.98)


def patients(seed: int, rows: int, *, sick: float = 0.3, older: float = 0.0) -> pd.DataFrame:
    """Each class's ages and pulses stay what they are, whatever its share is."""
    random = np.random.default_rng(seed)
    truth = random.random(rows) < sick
    return pd.DataFrame(
        {
            "age": random.normal(50 + 8 * truth + older, 8, rows).round(1),
            "pulse": random.normal(70 + 12 * truth, 9, rows).round(),
            "height": random.normal(170, 9, rows).round(1),
            "truth": truth.astype(int),
        }
    )


def observed(rows: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """What the model that knows the law answers."""
    asked = rows.fillna(0.0)
    score = 0.125 * (asked["age"] - 54) + 0.148 * (asked["pulse"] - 76) - 0.85
    shares = np.clip(1 / (1 + np.exp(-score.to_numpy())), *LEVELS)
    said = (shares > 0.5).astype(int)
    table = rows.drop(columns="truth").assign(sick=said, confidence=np.maximum(shares, 1 - shares))
    return table, said, np.column_stack([1 - shares, shares])


@pytest.fixture(scope="module")
def made() -> tuple[Profile, Baseline]:
    held = patients(1, 2000)
    profile = Profile.fit(
        observed(patients(0, 2000))[0],
        categorical=["sick"],
        confidence="confidence",
        window=400,
        seed=0,
        draws=1_999,
    )
    _, said, shares = observed(held)
    baseline = Baseline(
        truth=held["truth"].to_numpy(),
        answers=said,
        probabilities=shares,
        labels=(0, 1),
        positive=1,
        task="classification",
        metric="accuracy",
        direction="higher",
    )
    return profile, baseline


def found(made: tuple[Profile, Baseline], rows: pd.DataFrame) -> tuple[Any, str]:
    profile, baseline = made
    table, said, _ = observed(rows)
    told = labelled.measure(baseline, rows["truth"].to_numpy(), said, MonitoringRule(), seed=0)
    verdict = profile.check(table)
    return diagnose_window(profile, baseline, table, verdict, told, NONE, ANSWERS)


def test_nothing(made: tuple[Profile, Baseline]) -> None:
    assert found(made, patients(10, 400))[0] == ()


def test_other_inputs(made: tuple[Profile, Baseline]) -> None:
    assert found(made, patients(11, 400, older=6))[0] == ("data",)


def test_another_mix_of_classes(made: tuple[Profile, Baseline]) -> None:
    alarms, why = found(made, patients(12, 400, sick=0.6))
    assert alarms == ("prediction",)
    assert "age" in why


def test_the_new_mix_is_found_from_answers_alone(made: tuple[Profile, Baseline]) -> None:
    profile, baseline = made
    table = observed(patients(12, 400, sick=0.6))[0]
    weights = label_shift.importance_weights(profile, baseline, table, ANSWERS)
    assert weights is not None
    surest = profile.reference.values[:, profile.reference.numbers.index("confidence")] > 0.95
    said = profile.reference.labels[:, 0] == 1
    assert weights[said & surest].mean() == pytest.approx(2.0, abs=0.3)
    assert weights[~said & surest].mean() == pytest.approx(0.57, abs=0.15)


def test_without_a_baseline_answers_count_as_true(made: tuple[Profile, Baseline]) -> None:
    profile, _ = made
    table = observed(patients(12, 400, sick=0.6))[0]
    weights = label_shift.importance_weights(profile, None, table, ("sick",))
    assert weights is not None
    known = profile.reference.labels[:, 0] == 1
    share = (weights * known).sum() / weights.sum()
    assert share == pytest.approx(table["sick"].mean(), abs=1e-3)
    assert label_shift.importance_weights(profile, None, table, ("nothing",)) is None
    without = table.drop(columns="sick")
    assert label_shift.importance_weights(profile, None, without, ("sick",)) is None


def test_other_truths(made: tuple[Profile, Baseline]) -> None:
    rows = patients(13, 400)
    swapped = rows.assign(truth=np.where(rows["age"] > 55, 1 - rows["truth"], rows["truth"]))
    assert found(made, swapped)[0] == ("concept",)


BREAKS = {
    "in another unit": lambda rows: rows["pulse"] / 60,
    "always zero": lambda rows: rows["pulse"] * 0,
    "a third at a default": lambda rows: rows["pulse"].where(np.arange(len(rows)) % 3 > 0, -1.0),
    "a tenth missing": lambda rows: rows["pulse"].where(np.arange(len(rows)) % 10 > 0),
    "without values": lambda rows: rows["pulse"] * np.nan,
}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_feed(made: tuple[Profile, Baseline], broken: str) -> None:
    rows = patients(14, 400)
    alarms, why = found(made, rows.assign(pulse=BREAKS[broken](rows)))
    assert alarms == ("quality",)
    assert "pulse" in why


def test_a_profile_stays_as_it_is(made: tuple[Profile, Baseline]) -> None:
    profile = made[0]
    before = profile.to_bytes()
    found(made, patients(12, 400, sick=0.6))
    assert profile.to_bytes() == before
