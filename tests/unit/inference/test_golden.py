from __future__ import annotations

import numpy as np
import pytest

from kaizen.core.errors import KaizenError
from kaizen.inference.golden import Golden, largest_difference, same, verify

GOLDEN = Golden([{"x": 1.0}, {"x": 2.0}], {"p": [[1.0], [2.0]]}, [{"y": 1.0}, {"y": 2.0}])


def test_survives_json() -> None:
    assert Golden.parse(GOLDEN.dump()) == GOLDEN


def test_equal_answers_pass() -> None:
    assert verify(GOLDEN, {"p": np.array([[1.0], [2.00005]])}) == pytest.approx(5e-5)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"p": np.array([[1.0], [2.001]])}, r"differ by 0\.001 .* at most 0\.0001"),
        ({"p": np.array([[1.0], [np.nan]])}, "differ by nan"),
        ({"q": np.array([[1.0], [2.0]])}, "no output 'p' .it has q."),
        ({"p": np.array([1.0, 2.0])}, r"shape \(2,\), the golden set has \(2, 1\)"),
    ],
)
def test_other_answers_are_refused(outputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(KaizenError, match=message):
        verify(GOLDEN, outputs)


def test_text_is_equal_or_it_is_not() -> None:
    golden = Golden([], {"name": ["a", "b"], "p": [0.5, 1.0]}, [])
    p = np.array([0.5, 1.0])
    for kind in (object, str):
        assert verify(golden, {"name": np.array(["a", "b"], dtype=kind), "p": p}) == 0.0
        with pytest.raises(KaizenError, match="differ by inf"):
            verify(golden, {"name": np.array(["a", "c"], dtype=kind), "p": p})


def test_the_difference_is_the_largest_of_all_outputs() -> None:
    golden = Golden([], {"a": [0.0], "b": [1.0]}, [])
    assert largest_difference(golden, {"a": np.array([0.5]), "b": np.array([0.0])}) == 1.0


@pytest.mark.parametrize(
    ("expected", "found", "equal"),
    [
        ({"a": 1.0}, {"a": 1.00005, "id": "more is fine"}, True),
        ({"a": 1.0}, {"a": 1.001}, False),
        ({"a": 1.0}, {}, False),
        ({"a": [1.0, 2.0]}, {"a": [1.0]}, False),
        ({"a": "x"}, {"a": "y"}, False),
        (1.0, float("nan"), False),
        (3, 4, False),
    ],
)
def test_answers_are_compared_by_value(expected: object, found: object, equal: bool) -> None:
    assert same(expected, found) is equal
