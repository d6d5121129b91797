"""Where a version comes from: its number leads to data, parameters, code and decision."""

from __future__ import annotations

import json
from typing import Any

from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from kaizen.registry import store, versions
from kaizen.registry.versions import ModelVersion

APPROVAL = ("approved_by", "approved_at", "approved_why", "forced")


def why(usecase: str, ref: str) -> dict[str, Any]:
    """All that is known of a version, as plain JSON values; what is not known is None.

    Raises:
        UsageError: there is no such version or alias.
    """
    version = versions.get(usecase, ref)
    run = _run(version)
    tags = {**(run.data.tags if run else {}), **version.tags}
    return {
        "usecase": usecase,
        "version": version.version,
        "aliases": list(version.aliases),
        "created": version.created.isoformat(timespec="seconds"),
        "decision": tags.get(versions.DECISION),
        "reason": tags.get(versions.REASON),
        "approval": {key: tags[key] for key in APPROVAL if key in tags},
        "replaced": tags.get(versions.PREVIOUS),
        "model_sha256": tags.get(versions.SHA256),
        "dataset": {"digest": tags.get(versions.DATASET), **_dataset(run)},
        "parameters": dict(sorted(run.data.params.items())) if run else {},
        "metrics": dict(sorted(run.data.metrics.items())) if run else {},
        "commit": tags.get("commit"),
        "dirty": tags.get("dirty"),
        "stack": tags.get("stack"),
        "kaizen": tags.get("kaizen"),
        "mlflow_run": version.run_id,
        "zenml_run": tags.get("zenml_run"),
        "bento": tags.get("bento"),
    }


def identity(usecase: str, ref: str) -> dict[str, Any]:
    """What a served model says of its origin: the part of :func:`why` that never changes.

    Raises:
        UsageError: there is no such version or alias.
    """
    story = why(usecase, ref)
    kept = ("model_sha256", "commit", "dirty", "kaizen", "mlflow_run", "zenml_run")
    return {"dataset_digest": story["dataset"]["digest"], **{key: story[key] for key in kept}}


def in_words(story: dict[str, Any]) -> str:
    """The story told by :func:`why`, a fact a line."""
    names = f" ({', '.join(story['aliases'])})" if story["aliases"] else ""
    approval = story["approval"]
    forced = "forced by" if approval.get("forced") == "true" else "approved by"
    dataset = story["dataset"]
    rows = f"{dataset['rows']:,} rows" if dataset.get("rows") else None
    commit = story["commit"]
    facts = {
        "decision": story["reason"] or story["decision"],
        forced: _joined(approval.get("approved_by"), approval.get("approved_at")),
        "because": approval.get("approved_why") if forced == "forced by" else None,
        "replaced": f"v{story['replaced']}" if story["replaced"] else None,
        "data set": _joined(dataset["digest"], rows),
        "parameters": _joined(*(f"{name}={value}" for name, value in story["parameters"].items())),
        "commit": f"{commit} with changes" if commit and story["dirty"] == "true" else commit,
        "stack": story["stack"],
        "MLflow run": story["mlflow_run"],
        "ZenML run": story["zenml_run"],
        "Bento": story["bento"],
        "model": story["model_sha256"],
    }
    lines = [f"{story['usecase']} v{story['version']}{names}, registered {story['created']}"]
    lines += [f"  {name:<11} {fact}" for name, fact in facts.items() if fact]
    return "\n".join(lines)


def _run(version: ModelVersion) -> Run | None:
    """The MLflow run of the version; None where it was deleted for good."""
    try:
        return store.client().get_run(version.run_id)
    except MlflowException:
        return None


def _dataset(run: Run | None) -> dict[str, Any]:
    inputs = run.inputs.dataset_inputs if run and run.inputs else []
    if not inputs:
        return {}
    dataset = inputs[-1].dataset
    profile = json.loads(dataset.profile or "{}")
    source = json.loads(dataset.source or "{}")
    return {"name": dataset.name, "rows": profile.get("num_rows"), "uri": source.get("uri")}


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
