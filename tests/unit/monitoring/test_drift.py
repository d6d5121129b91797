import numpy as np
import pandas as pd
import pytest

from kaizen.results import Record
from monitoring import drift


def test_an_observation_is_a_column_and_the_embedding_one_of_vectors() -> None:
    found = {
        "prediction": np.array([3, 1]),
        "confidence": np.array([0.9, 0.5]),
        "embedding": np.arange(6.0).reshape(2, 3),
    }
    frame = drift.observe_frame(found)
    assert drift.drawable(frame).to_dict("list") == {"prediction": [3, 1], "confidence": [0.9, 0.5]}
    assert frame["embedding"][1].tolist() == [3, 4, 5]
    with pytest.raises(ValueError, match="same length"):
        drift.observe_frame({"a": np.zeros(2), "b": np.zeros(3)})


def test_rows_are_seen_as_the_model_answers_them() -> None:
    class Doubling:
        def decode(self, columns):
            return {"x": np.asarray(columns["x"])}

        def observe(self, inputs, outputs):
            return {"x": inputs["x"], "answer": outputs["y"]}

    frame = pd.DataFrame({"x": [1, 2], "target": [5, 5]}, index=[7, 9])
    seen = drift.observed(Doubling(), lambda inputs: {"y": 2 * inputs["x"]}, frame)
    assert seen.to_dict("list") == {"x": [1, 2], "answer": [2, 4]}


def test_a_check_claims_nothing_it_did_not_measure() -> None:
    first = drift.nothing_to_compare(10, "no champion")
    assert isinstance(first, Record)
    assert (first.compared, first.reference_rows, first.current_rows) == (False, 0, 10)
    assert (first.verdict, first.note) == (None, "no champion")


def test_a_profile_of_observations_knows_them_by_name() -> None:
    random = np.random.default_rng(0)

    def seen(rows: int, shift: float = 0) -> pd.DataFrame:
        return drift.observe_frame(
            {
                "digit": random.integers(0, 10, rows),
                "confidence": random.beta(9, 1, rows),
                "ink": random.normal(shift, 1, rows),
                "embedding": random.normal(0, 1, (rows, 4)),
            }
        )

    profile = drift.profile_of(seen(800), seed=0)
    assert profile.reference.categories == ("digit",)
    assert profile.reference.signals == {"embedding": 1, "confidence": -1}
    assert (profile.rows, profile.shape.window) == (400, 100)
    calm, moved = (drift.compared(profile.check(seen(100, shift))) for shift in (0, 1))
    assert calm.verdict is not None
    assert not calm.verdict.drifted
    assert (calm.compared, calm.reference_rows, calm.current_rows) == (True, 400, 100)
    assert "drift in ink" in moved.note
    assert drift.DriftCheck.model_validate(moved.model_dump(mode="json")) == moved
    few = drift.compared(profile.check(seen(3)))
    assert not few.compared
    assert "3 rows" in few.note
