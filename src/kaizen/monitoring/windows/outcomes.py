"""What was answered in a window and what was true, as a table that one step hands to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
import pandas as pd

from kaizen.core.results import Record
from kaizen.core.usecase import Array
from kaizen.monitoring.windows.window_data import Seen

ID, TIME, ANSWER, LABEL, PROBABILITIES = "id", "time", "answer", "label", "probabilities"


class Reading(Record):
    """What is to be known of how a window was read.

    Attributes:
        rows: rows that were read.
        hidden: columns that redaction took out, which nothing can be said of.
        undecoded: events that could not be read, and the reason of the first.
        note: all that is special, in words.
    """

    rows: int
    hidden: tuple[str, ...] = ()
    undecoded: int = 0
    reason: str = ""
    note: str = ""


def of(seen: Seen) -> pd.DataFrame:
    """A row per event: id, time, answer and label as JSON (None: no label), probabilities."""
    columns: dict[str, Any] = {
        ID: [str(event["id"]) for event in seen.events],
        TIME: [float(event["time"]) for event in seen.events],
        ANSWER: [_json(answer) for answer in seen.answers],
        LABEL: [None if label is None else _json(label) for label in seen.labels],
    }
    if seen.probabilities is not None:
        columns[PROBABILITIES] = list(np.asarray(seen.probabilities, dtype=np.float64))
    return pd.DataFrame(columns).astype({LABEL: object})


def reading(seen: Seen) -> Reading:
    """How the window was read."""
    return Reading(
        rows=len(seen.events),
        hidden=seen.hidden,
        undecoded=len(seen.undecoded),
        reason=next(iter(seen.undecoded.values()), ""),
        note=seen.note,
    )


def answers(table: pd.DataFrame) -> list[Any]:
    """The answers (n,) as they were."""
    return _parsed(table[ANSWER])


def labels(table: pd.DataFrame) -> list[Any]:
    """The labels (n,) as they were, None where there is none."""
    return _parsed(table[LABEL])


def probabilities(table: pd.DataFrame) -> Array | None:
    """The probabilities (n, classes); None where the model states none."""
    if PROBABILITIES not in table:
        return None
    return np.array(table[PROBABILITIES].tolist(), dtype=np.float64)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _parsed(column: Iterable[Any]) -> list[Any]:
    return [orjson.loads(value) if isinstance(value, str) else None for value in column]
