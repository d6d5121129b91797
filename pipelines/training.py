"""Data to decision: everything up to a registered challenger."""

from typing import Any

from zenml import pipeline

from pipelines.shared import cached, chosen, data
from steps.compare import compare
from steps.drift_check import drift_check
from steps.evaluate import evaluate
from steps.export import export
from steps.profile import profile
from steps.register import register
from steps.train import train


@pipeline(name="training")
def training(config: dict[str, Any], fingerprint: str, champion: str, mlflow_run: str) -> None:
    """``config`` is the effective configuration, ``champion`` the version to beat or empty.

    Where the configuration has a sweep, its best candidate's parameters are trained with.
    """
    name = config["usecase"]
    model, features = f"usecases.{name}.model", f"usecases.{name}.features"
    parts = data(config, fingerprint)
    fit, stop, holdout = parts.train, parts.validation, parts.holdout
    params = chosen(config, mlflow_run, parts)[0] if config.get("sweep") else config["params"]
    cached(drift_check, features)(name, champion, config["split"], fit)
    trained, curves, summary = cached(train, model)(name, params, config["seed"], fit, stop)
    onnx, golden = cached(export, model)(name, trained, fit, stop)
    drift_profile = cached(profile, features)(name, config["seed"], onnx, fit, stop, holdout)
    metrics, answers, baseline = cached(evaluate, features)(
        name, config["gate"]["metric"], config["seed"], onnx, holdout
    )
    decision = cached(compare, features)(
        name, champion, config["gate"], config["seed"], holdout, answers
    )
    register(
        config,
        params,
        mlflow_run,
        parts.digest,
        parts.checked,
        holdout,
        onnx,
        golden,
        curves,
        summary,
        metrics,
        answers,
        decision,
        drift_profile,
        baseline,
    )
