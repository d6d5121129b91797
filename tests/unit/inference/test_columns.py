"""Columns of a request become arrays, or are refused by name and row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from kaizen.core.usecase import InvalidInput
from kaizen.inference import columns

KNOWN = {"size": ("small", "large"), "colour": ("red", "blue")}


def test_numbers_and_text_keep_their_order() -> None:
    frame = pd.DataFrame({"b": [1, 2], "a": [0.5, -1.0], "size": ["large", "small"]})
    assert columns.numbers(("a", "b"), frame).tolist() == [[0.5, 1.0], [-1.0, 2.0]]
    text = columns.categories(KNOWN, {"colour": ["red", "red"], "size": frame["size"]})
    assert text.tolist() == [["large", "red"], ["small", "red"]]
    assert text.dtype == np.object_


@pytest.mark.parametrize(
    ("given", "field", "row", "words"),
    [
        ({"colour": ["red"]}, "size", None, "is missing: expected 'small' or 'large'"),
        ({"size": ["small", "huge"], "colour": ["red", "red"]}, "size", 1, "is 'huge': expected"),
        ({"size": ["small", None], "colour": ["red", "red"]}, "size", 1, "is None: expected"),
        ({"size": ["small", np.nan], "colour": ["red", "red"]}, "size", 1, "is nan: expected"),
        ({"size": ["small", "small"], "colour": ["red"]}, "colour", None, "has 1 values where"),
    ],
)
def test_text_that_is_refused(given: dict[str, Any], field: str, row: Any, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        columns.categories(KNOWN, given)
    assert (caught.value.field, caught.value.row) == (field, row)
    assert words in caught.value.reason
