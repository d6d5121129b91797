"""Writes the whole record of a judged challenger: its MLflow run, its version, its decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from kaizen.core import commit
from kaizen.core.config import Config
from kaizen.core.paths import Home
from kaizen.core.results import Decision
from kaizen.core.usecase import Array, Curve, UseCase
from kaizen.inference.golden import Golden
from kaizen.inference.scorer import Scorer
from kaizen.registry import tracking, versions
from kaizen.registry.tracking import DatasetUsed, Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLE_ROWS = 2
"""Rows that show what the registered model is fed and answers."""


@dataclass(frozen=True)
class Judged:
    """A challenger after the gate.

    Attributes:
        dataset_digest, rows: the data set it learnt from and was judged on.
        holdout: held-out rows, with the truth.
        answers: its answers to them, shape (n,).
        curves: by name.
        summary: what it has learnt, for people.
    """

    dataset_digest: str
    rows: int
    holdout: pd.DataFrame
    onnx: bytes
    golden: Golden
    curves: Mapping[str, Curve]
    summary: Mapping[str, Any]
    metrics: Mapping[str, float]
    answers: Array
    decision: Decision


def enrol(
    case: UseCase, config: Config, judged: Judged, *, mlflow_run: str, zenml_run: str, home: Home
) -> str:
    """Record ``judged`` in MLflow and return its version. Refused ones stay, with the reason."""
    decision = judged.decision
    source = home.datasets / case.name / judged.dataset_digest
    tracking.finish(
        mlflow_run,
        Record(
            dataset=DatasetUsed(case.name, judged.dataset_digest, judged.rows, str(source)),
            metrics=judged.metrics,
            config=config.record(),
            curves=judged.curves,
            summary=judged.summary,
            figure=_picture(case, judged),
            decision=decision,
        ),
    )
    rows = case.features.decode(judged.holdout.head(EXAMPLE_ROWS))
    found = commit.current()
    version = versions.register(
        case.name,
        mlflow_run,
        judged.onnx,
        rows,
        Scorer(judged.onnx)(rows),
        judged.golden,
        {
            "dataset_digest": judged.dataset_digest,
            "metric": decision.metric,
            "value": decision.challenger,
            "decision": decision.decision,
            "reason": decision.reason,
            "zenml_run": zenml_run,
            "commit": found.id if found else "",
        },
    )
    if not decision.promoted:
        versions.refuse(case.name, version, decision.reason)
    tracking.tag(
        mlflow_run,
        zenml_run=zenml_run,
        model_version=version,
        dataset_digest=judged.dataset_digest,
    )
    return version


def _picture(case: UseCase, judged: Judged) -> Figure:
    from kaizen.evaluation import plots

    truth = case.truth(judged.holdout)
    if case.task == "clustering":
        return plots.segments(truth, judged.answers)
    if case.task == "classification":
        return plots.confusion_matrix(truth, judged.answers, case.labels)
    return plots.residuals(truth, judged.answers, case.target or "")
