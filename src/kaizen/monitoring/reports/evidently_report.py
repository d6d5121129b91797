"""Draws reports with Evidently: of two tables, and of labelled answers. Runs none of its tests."""

from __future__ import annotations

import html as markup
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from kaizen.core import extras
from kaizen.monitoring.drift.quality import keys
from kaizen.monitoring.drift.result import DriftResult
from kaizen.monitoring.performance.evaluate import LabelledPairs
from kaizen.monitoring.reports import header
from kaizen.monitoring.reports.alignment import MOST_ROWS, Sides, sides

LEAST_LABELLED = 10
"""Labelled rows without which nothing is drawn of performance."""

TRUTH, ANSWER = "truth", "answer"


def drawn(
    two: Sides,
    labelled: LabelledPairs | None = None,
    *,
    name: str = "",
    at: datetime | None = None,
    tags: Sequence[str] = (),
    metadata: dict[str, str] | None = None,
    seed: int = 0,
) -> tuple[Any, tuple[str, ...]]:
    """Evidently's ``SnapshotModel`` of two tables and of labelled answers; and what is missing.

    ``DataDriftPreset`` would say "drift detected" by thresholds that nobody calibrated, so columns
    are described side by side instead.
    """
    evidently = _evidently()
    definition = evidently.DataDefinition(
        numerical_columns=two.numbers, categorical_columns=two.classes
    )
    before, after = (
        evidently.Dataset.from_pandas(side, data_definition=definition)
        for side in (two.reference, two.window)
    )
    preset = evidently.presets.DataSummaryPreset(columns=list(two.window))
    about = {"timestamp": at, "metadata": metadata or {}, "tags": list(tags), "name": name or None}
    with _unwarned():
        found = (
            evidently.Report([preset], include_tests=False)
            .run(after, before, **about)
            .to_snapshot_model()
        )
        if labelled is None:
            return found, two.notes
        if len(labelled.truth) < LEAST_LABELLED:
            few = f"{len(labelled.truth):,} labelled rows are too few to draw performance"
            return found, (*two.notes, few)
        try:
            report, data = _performance(evidently, labelled, seed)
            more = report.run(data, None, **about).to_snapshot_model()
        except (
            Exception
        ) as error:  # of the pictures alone: figures of performance are measured elsewhere
            return found, (*two.notes, f"performance could not be drawn: {error}".rstrip("."))
    whole = found.copy(
        update={
            "metric_results": {**found.metric_results, **more.metric_results},
            "top_level_metrics": [*found.top_level_metrics, *more.top_level_metrics],
            "widgets": [*more.widgets, *found.widgets],
        }
    )
    return whole, two.notes


def page(
    model: Any,
    title: str,
    drift: DriftResult | None,
    *,
    notes: tuple[str, ...] = (),
    at: datetime | None = None,
    meta: str = "",
) -> str:
    """A page of its own (about 4 MB, needs no network) with kaizen's verdict above the pictures."""
    from evidently.core.report import Snapshot

    found: str = Snapshot.load_model(model).get_html_str(as_iframe=False)
    safe = markup.escape(title)
    found = found.replace("<head>", f"<head><title>{safe}</title>{meta}", 1)
    return found.replace("<body>", f"<body>{header.heading(title, drift, notes, at)}", 1)


def _performance(evidently: Any, labelled: LabelledPairs, seed: int) -> tuple[Any, Any]:
    table = _table(labelled, seed)
    if labelled.task == "classification":
        definition = evidently.DataDefinition(
            classification=[
                evidently.MulticlassClassification(target=TRUTH, prediction_labels=ANSWER)
            ],
            categorical_columns=[TRUTH, ANSWER],
        )
        preset = evidently.presets.ClassificationPreset()
    else:
        definition = evidently.DataDefinition(
            regression=[evidently.Regression(target=TRUTH, prediction=ANSWER)],
            # Named only above, they would be passed over without a word.
            numerical_columns=[TRUTH, ANSWER],
        )
        preset = evidently.presets.RegressionPreset()
    data = evidently.Dataset.from_pandas(table, data_definition=definition)
    return evidently.Report([preset], include_tests=False), data


def _table(labelled: LabelledPairs, seed: int) -> pd.DataFrame:
    """Columns ``truth`` and ``answer``: numbers, or classes as text; at most MOST_ROWS rows."""
    found = pd.DataFrame({TRUTH: labelled.truth, ANSWER: labelled.answers})
    if len(found) > MOST_ROWS:
        found = found.sample(MOST_ROWS, random_state=seed)
    if labelled.task == "classification":
        found = pd.DataFrame({name: keys(found[name]) for name in found})
    else:
        found = found.astype(float)
    return found.reset_index(drop=True)


def _evidently() -> Any:
    """The library, which takes seconds to import and reads this variable when it is."""
    extras.needs("evidently", who="a drift page")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    import evidently
    import evidently.presets

    return evidently


def _unwarned() -> AbstractContextManager[Any]:
    """A column of one value has no spread, and says so at length."""
    return np.errstate(divide="ignore", invalid="ignore")


def html(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    title: str,
    *,
    drift: DriftResult | None = None,
    seed: int = 0,
) -> str:
    """The drift report of two tables: a page of its own (about 4 MB, needs no network).

    Raises:
        KaizenError: a side has no rows, or they share no column with values.
    """
    first = [column.name for column in drift.columns] if drift else []
    two = sides(reference, current, first=first, seed=seed)
    model, notes = drawn(two, seed=seed)
    return page(model, title, drift, notes=notes)
