"""An MLflow run is the record of one kaizen run: begun, then finished or failed."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT, MLFLOW_PARENT_RUN_ID

import kaizen
from kaizen.core import commit
from kaizen.core.errors import KaizenError
from kaizen.core.results import Decision
from kaizen.core.usecase import Curve
from kaizen.registry import run_environment, store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USECASE = "usecase"
# MLflow's limits of one batch, and of one value.
METRICS_AT_ONCE, PARAMETERS_AT_ONCE = 1000, 100
LONGEST_PARAMETER, LONGEST_TAG = 6000, 5000

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class DatasetUsed:
    """The data set of a run: name, content digest, number of rows, and where it is kept."""

    name: str
    digest: str
    rows: int
    source: str = ""


@dataclass(frozen=True)
class Record:
    """What a finished run leaves behind.

    Attributes:
        dataset: what was learnt from.
        metrics: scores on the holdout, by name.
        config: the effective configuration.
        curves: by name; a value's step is its epoch, or what it stands at.
        summary: what was learnt, for people, as plain JSON values.
        figure: the picture of the answers, drawn by ``kaizen.evaluation.plots``.
        decision: what the gate said.
    """

    dataset: DatasetUsed
    metrics: Mapping[str, float]
    config: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    figure: Figure | None = None
    decision: Decision | None = None


def start(usecase: str, config: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """Open the run that records one kaizen run, and return its id.

    Parameters are the flattened ``config``; where there is a sweep, ``params`` is left out: what
    it chooses is logged then, and a parameter of a run never changes. Commit, dirty flag and
    kaizen's version are tagged besides ``tags``. The run handed over by ``mlflow run`` is adopted,
    once; a further run of the same process is its child.

    Raises:
        KaizenError: the run handed over does not exist in this store.
    """
    mlflow = store.client()
    run_id, parent = _handed_over()
    if run_id is None:
        above = {MLFLOW_PARENT_RUN_ID: parent} if parent else {}
        run_id = mlflow.create_run(store.experiment(usecase), tags=above).info.run_id
    described = {USECASE: usecase, "kaizen": kaizen.__version__, **commit_tags(), **tags}
    sweeping = config.get("sweep") is not None
    mlflow.log_batch(run_id, tags=_tags(described))
    parameters(run_id, {k: v for k, v in config.items() if not (sweeping and k == "params")})
    return run_id


def parameters(run_id: str, tree: Mapping[str, Any]) -> None:
    """Add a part of a configuration to the run's parameters; each may be said once."""
    flat = [Param(key, value[:LONGEST_PARAMETER]) for key, value in flatten(tree).items()]
    for batch in _batches(flat, PARAMETERS_AT_ONCE):
        store.client().log_batch(run_id, params=batch)


def finish(run_id: str, record: Record) -> None:
    """Write ``record`` into the run and close it. Safe to repeat."""
    mlflow = store.client()
    mlflow.log_inputs(run_id, [_dataset_input(record.dataset)])
    for batch in _batches(_metrics(record), METRICS_AT_ONCE):
        mlflow.log_batch(run_id, metrics=batch)
    with tempfile.TemporaryDirectory() as folder:
        _write_files(Path(folder), record)
        mlflow.log_artifacts(run_id, folder)
    tags = {"dataset_digest": record.dataset.digest}
    if record.decision is not None:
        tags |= {"decision": record.decision.decision, "reason": record.decision.reason}
    tag(run_id, **tags)
    mlflow.set_terminated(run_id, "FINISHED")


def done(run_id: str, **tags: str) -> None:
    """Close a run that made no model version, with ``tags``."""
    tag(run_id, **tags)
    store.client().set_terminated(run_id, "FINISHED")


def fail(run_id: str, reason: str) -> None:
    """Close the run as failed, with the reason in words."""
    tag(run_id, reason=reason)
    store.client().set_terminated(run_id, "FAILED")


def tag(run_id: str, **tags: str) -> None:
    """Add tags to the run, to link it with what came of it (``zenml_run``, ``model_version``)."""
    store.client().log_batch(run_id, tags=_tags(tags))


def tags(run_id: str) -> dict[str, str]:
    """What the run is tagged with; nothing where there is no such run."""
    try:
        return dict(store.client().get_run(run_id).data.tags)
    except MlflowException:
        return {}


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A configuration as MLflow parameters: ``{"params": {"alpha": .4}}`` is ``params.alpha``."""
    flat: dict[str, str] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{name}.")
        else:
            flat[name] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _handed_over() -> tuple[str | None, str | None]:
    """The run that ``mlflow run`` opened: to adopt, or the parent when it is adopted already."""
    given = os.environ.get("MLFLOW_RUN_ID")
    if not given:
        return None, None
    try:
        run = store.client().get_run(given)
    except MlflowException as error:
        raise KaizenError(
            f"MLFLOW_RUN_ID is {given!r}, which is no run of {store.uri()}: "
            "unset it, or set MLFLOW_TRACKING_URI to the store that holds it"
        ) from error
    return (None, given) if USECASE in run.data.tags else (given, None)


def commit_tags() -> dict[str, str]:
    """Which code a run was made by, for its tags."""
    found = commit.current()
    if found is None:
        return {}
    return {"commit": found.id, "dirty": str(found.dirty).lower(), MLFLOW_GIT_COMMIT: found.id}


def _tags(tags: Mapping[str, str]) -> list[RunTag]:
    return [RunTag(key, str(value)[:LONGEST_TAG]) for key, value in tags.items()]


def _dataset_input(dataset: DatasetUsed) -> DatasetInput:
    entity = Dataset(
        name=dataset.name,
        # MLflow keeps 36 characters; the whole digest is in the source.
        digest=dataset.digest[:36],
        source_type="local",
        source=json.dumps({"digest": dataset.digest, "uri": dataset.source}),
        profile=json.dumps({"num_rows": dataset.rows}),
    )
    return DatasetInput(entity, [InputTag("mlflow.data.context", "training")])


def _metrics(record: Record) -> list[Metric]:
    now = int(time.time() * 1000)
    single = dict(record.metrics)
    if record.decision is not None:
        figures = record.decision.model_dump(include={"gain", "low", "high", "risk"})
        single |= {f"gate.{name}": value for name, value in figures.items() if value is not None}
    found = [Metric(name, float(value), now, 0) for name, value in single.items()]
    for name, values in record.curves.items():
        # A curve may carry the name of a score; the score must stay the run's last word.
        key = f"epoch.{name}" if name in single else name
        points = values.items() if isinstance(values, Mapping) else enumerate(values, 1)
        # In JSON, as which curves pass between steps, a step is text.
        found += [Metric(key, float(value), now, int(step)) for step, value in points]
    return found


def _write_files(folder: Path, record: Record) -> None:
    _write(folder / "config.yaml", yaml.safe_dump(dict(record.config), sort_keys=False))
    _write(folder / "environment.json", json.dumps(run_environment.describe(), indent=2))
    _write(folder / "packages.txt", "\n".join(run_environment.packages()) + "\n")
    if record.decision is not None:
        _write(folder / "decision.json", record.decision.model_dump_json(indent=2))
    if record.summary:
        _write(folder / "summary.json", json.dumps(dict(record.summary), indent=2))
    if record.figure is not None:
        title = record.figure.get_label() or "figure"
        record.figure.savefig(folder / f"{title}.png")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
