import numpy as np
import pandas as pd

from kaizen.core.results import Record
from kaizen.monitoring import observation
from kaizen.monitoring.drift import check


def test_a_check_claims_nothing_it_did_not_measure() -> None:
    first = check.nothing_to_compare(10, "no champion")
    assert isinstance(first, Record)
    assert (first.compared, first.reference_rows, first.current_rows) == (False, 0, 10)
    assert (first.verdict, first.note) == (None, "no champion")


def test_a_profile_of_observations_knows_them_by_name() -> None:
    random = np.random.default_rng(0)

    def seen(rows: int, shift: float = 0) -> pd.DataFrame:
        return observation.observe_frame(
            {
                "digit": random.integers(0, 10, rows),
                "confidence": random.beta(9, 1, rows),
                "ink": random.normal(shift, 1, rows),
                "embedding": random.normal(0, 1, (rows, 4)),
            }
        )

    profile = check.profile_of(seen(800), seed=0)
    assert profile.reference.categories == ("digit",)
    assert profile.reference.signals == {"embedding": 1, "confidence": -1}
    assert (profile.rows, profile.shape.window) == (400, 100)
    whole = check.profile_of(seen(800), seed=0, learnt=seen(900))
    assert (whole.rows, whole.shape.window) == (800, 200)
    assert len(whole.reference.anchors) == 900
    calm, moved = (check.compared(profile.check(seen(100, shift))) for shift in (0, 1))
    assert calm.verdict is not None
    assert not calm.verdict.drifted
    assert (calm.compared, calm.reference_rows, calm.current_rows) == (True, 400, 100)
    assert "drift in ink" in moved.note
    assert check.DriftCheck.model_validate(moved.model_dump(mode="json")) == moved
    few = check.compared(profile.check(seen(3)))
    assert not few.compared
    assert "3 rows" in few.note
