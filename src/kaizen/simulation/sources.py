"""Where the rows of a scenario's sources come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from kaizen.core import project
from kaizen.core.errors import KaizenError, UsageError, unknown
from kaizen.core.usecase import HasForeign, UseCase
from kaizen.data.table import read_csv
from kaizen.simulation.row_source import Pool
from kaizen.simulation.scenario import FILE, FOREIGN, HOLDOUT, Scenario


def pools(
    scenario: Scenario,
    case: UseCase,
    holdout: Callable[[], pd.DataFrame],
    root: Path | None = None,
) -> dict[str, Pool]:
    """The rows of every source by its name; each origin is loaded once.

    Args:
        scenario: what will be sent.
        case: the use case.
        holdout: gives its held-out rows.
        root: what the paths of files begin at; None for the project's.

    Raises:
        UsageError: an origin, a column or a class is not known.
        KaizenError: the rows cannot be read, or there are none.
    """
    loaded: dict[str, pd.DataFrame] = {}
    found = {}
    for name, source in scenario.sources.items():
        if source.origin not in loaded:
            loaded[source.origin] = _rows(
                source.origin, case, holdout, root or project.current().root
            )
        pool = found[name] = Pool(name, loaded[source.origin], case)
        if pool.frame.empty:
            raise KaizenError(f"source {name!r} ({source.origin}) of {case.name} has no rows")
        for transform in source.transforms:
            transform.check(pool)
        for column in source.noise.columns:
            pool.column(column)
            pool.spread(column)
    return found


def _rows(
    origin: str, case: UseCase, holdout: Callable[[], pd.DataFrame], root: Path
) -> pd.DataFrame:
    if origin == HOLDOUT:
        return holdout()
    if origin.startswith(FOREIGN):
        name = origin.removeprefix(FOREIGN)
        known: Mapping[str, Callable[[], pd.DataFrame]] = (
            case.foreign if isinstance(case, HasForeign) else {}
        )
        if name not in known:
            raise unknown(f"foreign source of {case.name}", name, known)
        return known[name]()
    path = root / origin.removeprefix(FILE)
    frame = read_csv(path)
    # Only these can be asked for: a file without the truth is one without labels.
    missing = [
        column
        for column in case.contract().columns
        if column not in frame and column != case.target
    ]
    if missing:
        there = ", ".join(map(str, frame.columns))
        raise UsageError(f"{path}: no column {str(missing[0])!r}; its first line has {there}")
    return frame
