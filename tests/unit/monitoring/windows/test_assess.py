import numpy as np
import pandas as pd
import pytest
from assessed import assessment, performance, window

from kaizen.core.monitoring_settings import MonitoringRule
from kaizen.core.paths import Home
from kaizen.monitoring.drift.profile import Profile
from kaizen.monitoring.drift.result import Finding
from kaizen.monitoring.windows import assess, data_quality
from kaizen.monitoring.windows.assessment import Assessment, Evidence
from kaizen.monitoring.windows.window_data import Reading


def world(seed: int, rows: int, shift: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({"x": random.normal(shift, 1, rows), "confidence": random.beta(9, 1, rows)})


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.fit(world(0, 1000), confidence="confidence", window=200, seed=0, draws=1_999)


def assessed(
    home: Home, profile: Profile, number: int, shift: float = 0.0, **changes
) -> Assessment:
    rows = world(number + 1, 200, shift)
    words = {
        "profile": profile,
        "fingerprint": "a" * 64,
        "baseline": None,
        "observed": rows,
        "drift": profile.check(rows),
        "row_p": data_quality.row_p(profile, rows),
        "performance": performance(),
        "estimate": performance(),
        "answers": ("confidence",),
        "live": None,
        "before": None,
        "at": 1.0,
        "code": "0",
        "run_id": "r",
        **changes,
    }
    return assess.assess(home, window(number), MonitoringRule(), **words)


def test_a_window_counts_in_its_streams_once(other_home: Home, profile: Profile) -> None:
    first = assessed(other_home, profile, 0)
    assert (first.alarms, first.evidence.seen) == ((), 1)
    assert first.rows_evidence is not None
    assert first.rows_evidence.seen == 200
    assert assessed(other_home, profile, 0).evidence == first.evidence
    assert assessed(other_home, profile, 1).evidence.seen == 2
    part = assess.assess  # a partial window adds nothing
    rows = world(9, 50)
    made = part(
        other_home,
        window(2, partial=True),
        MonitoringRule(),
        profile=profile,
        fingerprint="a" * 64,
        baseline=None,
        observed=rows,
        drift=profile.check(rows),
        row_p=[0.5] * 50,
        performance=performance(),
        estimate=performance(),
        answers=(),
        live=None,
        before=None,
        at=1.0,
        code="0",
        run_id="",
    )
    assert made.evidence.seen == 2


def test_a_shift_alarms_and_weak_ones_add_up(other_home: Home, profile: Profile) -> None:
    assert assessed(other_home, profile, 0, shift=1.0).alarms == ("data",)
    found = [assessed(other_home, profile, number, shift=0.2) for number in range(1, 40)]
    quiet_by_themselves = [each for each in found if not each.drift.drifted and each.alarms]
    said = [each.reason for each in quiet_by_themselves if "gradual drift" in each.reason]
    assert said
    assert all("in a single window, significant after" in each for each in said)


def test_a_window_judged_again_keeps_the_evidence_it_had(
    other_home: Home, profile: Profile
) -> None:
    before = assessment(0, evidence=Evidence(strength=7.0, alarmed=False, seen=5))
    again = assessed(other_home, profile, 0, before=before)
    assert again.evidence == before.evidence
    assert assessed(other_home, profile, 1).evidence.seen == 1


def test_what_made_somebody_look_is_an_alarm(other_home: Home, profile: Profile) -> None:
    live = Evidence(strength=2e5, alarmed=True, alarmed_at=17, seen=17)
    found = assessed(other_home, profile, 0, live=live)
    assert found.alarms == ("data",)
    assert "significant after 17 rows" in found.reason


def test_hidden_columns_are_no_fault_and_unreadable_events_are(profile: Profile) -> None:
    rows = world(3, 200)
    hidden = Reading(rows=200, hidden=("x",))
    assert data_quality.findings(profile, rows.drop(columns="x"), hidden) == ()
    (missing,) = data_quality.findings(profile, rows.drop(columns="x"), Reading(rows=200))
    assert (missing.kind, missing.column, missing.serious) == ("missing_column", "x", True)
    lost = Reading(rows=200, undecoded=3, reason="no field x")
    (found,) = data_quality.findings(profile, rows, lost)
    assert found == Finding(
        column=None, kind="unreadable", detail="3 events cannot be read: no field x", serious=True
    )
    verdict = data_quality.with_quality(profile.check(rows), [found], lost)
    assert verdict.quality == (found,)
    assert not verdict.comparable


def test_a_stream_alarms_begins_anew_and_counts_a_window_once(other_home: Home) -> None:
    stream = assess.stream_of(other_home, "digits", "1", "abc", "windows")
    weak = [assess.count_once(stream, f"w{at}", [0.5]) for at in range(5)]
    assert not any(found.alarmed for found in weak)
    assert weak[-1].seen == 5
    strong = [assess.count_once(stream, f"x{at}", [0.001]) for at in range(2)]
    assert [found.alarmed for found in strong] == [False, True]
    assert strong[1].strength >= 1000
    assert assess.count_once(stream, "x1", [0.001]) == strong[1], "the same window again is no news"
    after = assess.count_once(stream, "y", [0.5])
    assert (after.alarmed, after.seen) == (False, 1)


def test_windows_and_rows_of_versions_are_apart(other_home: Home) -> None:
    paths = {
        assess.stream_of(other_home, usecase, version, "abc", kind).path
        for usecase in ("digits", "churn")
        for version in ("1", "2")
        for kind in ("windows", "rows")
    }
    assert len(paths) == 8
