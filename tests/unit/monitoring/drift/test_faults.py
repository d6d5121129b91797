import numpy as np
import pandas as pd
import pytest

from kaizen.monitoring.drift import faults, reweighted_reference
from kaizen.monitoring.drift.profile import Profile


def world(seed: int, rows: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": random.normal(10, 2, rows),
            "member": (random.random(rows) < 0.3).astype(float),
            "country": random.choice(["France", "Spain", "Peru"], rows, p=[0.6, 0.3, 0.1]),
            "answer": random.normal(0, 1, rows),
        }
    )


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.fit(world(0, 1000), window=300, seed=0, draws=1_999)


def of(profile: Profile, rows: pd.DataFrame) -> dict[str, faults.Fault]:
    verdict = profile.check(rows)
    assert verdict.drifted
    return {fault.column: fault for fault in faults.find(profile, verdict, rows, ["answer"])}


def test_a_shift_is_no_fault_whatever_leaves_the_range(profile: Profile) -> None:
    rows = world(1, 300)
    for shift in (1, 2, 4):
        assert of(profile, rows.assign(size=rows["size"] + shift)) == {}
    assert of(profile, rows.assign(member=(np.arange(300) % 3 > 0).astype(float))) == {}
    assert of(profile, rows.assign(country=np.where(rows["size"] > 9, "Peru", "Spain"))) == {}


def test_answers_are_none(profile: Profile) -> None:
    assert of(profile, world(1, 300).assign(answer=1000.0)) == {}


def test_what_no_row_had_is_a_fault(profile: Profile) -> None:
    rows = world(1, 300)
    third = np.arange(300) % 3 == 0
    unit = of(profile, rows.assign(size=rows["size"] * 1000))["size"]
    assert unit.share == 1.0
    assert "in another unit, 1,000 times larger, in 300 of 300 rows" in unit.detail
    small = of(profile, rows.assign(size=rows["size"] / 100))["size"]
    assert "100 times smaller" in small.detail
    half = of(profile, rows.assign(size=rows["size"].mask(third, rows["size"] * 1000)))["size"]
    assert "outside" in half.detail
    default = of(profile, rows.assign(size=rows["size"].mask(third, 9.5)))["size"]
    assert default.share == pytest.approx(1 / 3)
    assert "exactly 9.5 in 100 of 300 rows" in default.detail
    assert of(profile, rows.assign(size=rows["size"].mask(third)))["size"].detail.endswith(
        "missing in 100 of 300 rows"
    )
    assert "always 0" in of(profile, rows.assign(member=0.0))["member"].detail
    unseen = of(profile, rows.assign(country=rows["country"].mask(third, "Atlantis")))["country"]
    assert "'Atlantis'" in unseen.detail
    assert "always 'Peru'" in of(profile, rows.assign(country="Peru"))["country"].detail


def test_a_matched_reference_has_the_mix_asked_for(profile: Profile) -> None:
    known = profile.reference
    member = known.values[:, known.numbers.index("member")] == 1
    rows = world(2, 300).sort_values("member", ascending=False).head(150)
    assert profile.check(rows).drifted
    weights = np.where(member, rows["member"].mean() / member.mean(), 1 - rows["member"].mean())
    found = reweighted_reference.check(profile, weights, rows)
    assert found is not None
    assert not found.drifted
    assert found.reference_rows < profile.rows
    assert "in the window's mix" in found.calibration.note
    assert reweighted_reference.check(profile, np.zeros(profile.rows), rows) is None


def test_rows_are_kept_in_proportion_to_their_weights() -> None:
    weights = np.repeat([0.5, 1.0], 5000)
    kept = reweighted_reference.drawn(weights, np.random.default_rng(0))
    assert len(set(kept.tolist())) == len(kept)
    assert (kept < 5000).mean() == pytest.approx(1 / 3, abs=0.02)
