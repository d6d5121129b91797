import numpy as np
import pandas as pd
import pytest

from kaizen.monitoring import observation


def test_an_observation_is_a_column_and_the_embedding_one_of_vectors() -> None:
    found = {
        "prediction": np.array([3, 1]),
        "confidence": np.array([0.9, 0.5]),
        "embedding": np.arange(6.0).reshape(2, 3),
    }
    frame = observation.observe_frame(found)
    assert observation.drawable(frame).to_dict("list") == {
        "prediction": [3, 1],
        "confidence": [0.9, 0.5],
    }
    assert frame["embedding"][1].tolist() == [3, 4, 5]
    with pytest.raises(ValueError, match="same length"):
        observation.observe_frame({"a": np.zeros(2), "b": np.zeros(3)})


def test_rows_are_seen_as_the_model_answers_them() -> None:
    class Doubling:
        def decode(self, columns):
            return {"x": np.asarray(columns["x"])}

        def observe(self, inputs, outputs):
            return {"x": inputs["x"], "answer": outputs["y"]}

    frame = pd.DataFrame({"x": [1, 2], "target": [5, 5]}, index=[7, 9])
    seen = observation.observed(Doubling(), lambda inputs: {"y": 2 * inputs["x"]}, frame)
    assert seen.to_dict("list") == {"x": [1, 2], "answer": [2, 4]}
