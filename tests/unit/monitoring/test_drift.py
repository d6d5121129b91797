import numpy as np
import pytest

from kaizen.results import Record
from monitoring import drift


def test_an_observation_is_a_column_and_the_embedding_is_left_out() -> None:
    found = {
        "prediction": np.array([3, 1]),
        "confidence": np.array([0.9, 0.5]),
        "embedding": np.zeros((2, 32)),
    }
    frame = drift.observe_frame(found)
    assert frame.to_dict("list") == {"prediction": [3, 1], "confidence": [0.9, 0.5]}
    with pytest.raises(ValueError, match="same length"):
        drift.observe_frame({"a": np.zeros(2), "b": np.zeros(3)})


def test_rows_are_seen_as_the_model_answers_them() -> None:
    import pandas as pd

    class Doubling:
        def decode(self, columns):
            return {"x": np.asarray(columns["x"])}

        def observe(self, inputs, outputs):
            return {"x": inputs["x"], "answer": outputs["y"]}

    frame = pd.DataFrame({"x": [1, 2], "target": [5, 5]}, index=[7, 9])
    seen = drift.observed(Doubling(), lambda inputs: {"y": 2 * inputs["x"]}, frame)
    assert seen.to_dict("list") == {"x": [1, 2], "answer": [2, 4]}


def test_a_check_claims_nothing_it_did_not_measure() -> None:
    first, second = drift.nothing_to_compare(10), drift.compared(1000, 20)
    assert isinstance(first, Record)
    assert (first.compared, first.reference_rows, first.current_rows) == (False, 0, 10)
    assert (second.compared, second.reference_rows, second.current_rows) == (True, 1000, 20)
    assert first.verdict is second.verdict is None
    assert "1,000" in second.note
