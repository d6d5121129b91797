"""Data to decision: everything up to a registered challenger."""

from typing import Any

from zenml import pipeline

from stacks.zenml_cache import policy
from stacks.zenml_plan import origin
from steps.compare import compare
from steps.drift_check import drift_check
from steps.evaluate import evaluate
from steps.export import export
from steps.load import load
from steps.profile import profile
from steps.register import register
from steps.split import split
from steps.train import train
from steps.validate import validate


@pipeline(name="training")
def training(config: dict[str, Any], fingerprint: str, champion: str, mlflow_run: str) -> None:
    """``config`` is the effective configuration, ``champion`` the version to beat or empty."""
    name = config["usecase"]
    model, features = f"usecases.{name}.model", f"usecases.{name}.features"

    def cached(step: Any, *modules: str) -> Any:
        chosen = policy(step.resolve().module, *modules)
        return step.with_options(cache_policy=chosen, extra=origin(chosen))

    dataset = cached(load, model)(name, config["data"], fingerprint)
    checked, digest = cached(validate, model)(name, fingerprint, dataset)
    fit, stop, holdout = cached(split)(checked, config["split"])
    cached(drift_check, features)(name, champion, config["split"], fit)
    trained, curves = cached(train, model)(name, config["params"], config["seed"], fit, stop)
    onnx, golden = cached(export, model)(name, trained, fit, stop)
    drift_profile = cached(profile, features)(name, config["seed"], onnx, fit, stop)
    metrics, answers = cached(evaluate, features)(name, config["gate"]["metric"], onnx, holdout)
    decision = cached(compare, features)(
        name, champion, config["gate"], config["seed"], holdout, answers
    )
    register(
        config,
        mlflow_run,
        digest,
        checked,
        holdout,
        onnx,
        golden,
        curves,
        metrics,
        answers,
        decision,
        drift_profile,
    )
