"""The table of outcomes, a row per event: what was answered, how surely, and what was true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd

from kaizen.core.usecase import Array

ID, TIME, ANSWER, LABEL, PROBABILITIES = "id", "time", "answer", "label", "probabilities"


def table(
    events: Sequence[Mapping[str, Any]],
    answers: Iterable[Any],
    labels: Iterable[Any],
    probabilities: Array | None = None,
) -> pd.DataFrame:
    """The outcomes of n events; answers and labels as JSON, so that any kind fits one column.

    Args:
        events: as logged; ``id`` and ``time`` are kept.
        labels: (n,), None where an event has no label.
        probabilities: (n, classes); None where the model states none.
    """
    columns: dict[str, Any] = {
        ID: [str(event["id"]) for event in events],
        TIME: [float(event["time"]) for event in events],
        ANSWER: [_json(answer) for answer in answers],
        LABEL: [None if label is None else _json(label) for label in labels],
    }
    if probabilities is not None:
        columns[PROBABILITIES] = list(np.asarray(probabilities, dtype=np.float64))
    return pd.DataFrame(columns).astype({LABEL: object})


def answers(outcomes: pd.DataFrame) -> list[Any]:
    """The answers (n,) as they were."""
    return _parsed(outcomes[ANSWER])


def labels(outcomes: pd.DataFrame) -> list[Any]:
    """The labels (n,) as they were, None where there is none."""
    return _parsed(outcomes[LABEL])


def probabilities(outcomes: pd.DataFrame) -> Array | None:
    """The probabilities (n, classes); None where the model states none."""
    if PROBABILITIES not in outcomes:
        return None
    return np.array(outcomes[PROBABILITIES].tolist(), dtype=np.float64)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _parsed(column: Iterable[Any]) -> list[Any]:
    return [orjson.loads(value) if isinstance(value, str) else None for value in column]
