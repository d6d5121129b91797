"""What pipelines have in common: data in three parts, and candidates tried side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

from kaizen.core import candidates, catalog
from kaizen.core.config import restore
from kaizen.core.tree import merge
from kaizen.evaluation import sweep
from kaizen.orchestration.cache_policy import policy
from kaizen.orchestration.plan import origin
from steps.candidate import candidate
from steps.choose import choose
from steps.load import load
from steps.split import split
from steps.validate import validate


class Parts(NamedTuple):
    """Artifacts of the steps every pipeline that trains begins with."""

    checked: Any
    digest: Any
    train: Any
    validation: Any
    holdout: Any


def cached(step: Any, *modules: str) -> Any:
    """``step``, run again when its own code or that of ``modules`` changed."""
    chosen = policy(step.resolve().module, *modules)
    return step.with_options(cache_policy=chosen, extra=origin(chosen))


def data(config: dict[str, Any], fingerprint: str) -> Parts:
    """Load, validate, split."""
    name = config["usecase"]
    model = f"usecases.{name}.model"
    dataset = cached(load, model)(name, config["data"], fingerprint)
    checked, digest = cached(validate, model)(name, fingerprint, dataset)
    return Parts(checked, digest, *cached(split)(checked, config["split"]))


def chosen(config: dict[str, Any], mlflow_run: str, parts: Parts) -> tuple[Any, Any]:
    """A step for each candidate of the sweep, none waiting for another; then the choice.

    Returns:
        The parameters chosen, and all candidates with their ranks.
    """
    typed = restore(config)
    case = catalog.usecase(typed.usecase)
    metric, _ = sweep.rule(case, typed)
    attempt = cached(candidate, f"usecases.{typed.usecase}.model")
    tried = []
    for number, part in enumerate(candidates.expand(typed.sweep) if typed.sweep else (), 1):
        whole = case.Params.model_validate(merge(config["params"], part))
        params = whole.model_dump(mode="json")
        tried.append(
            attempt(
                typed.usecase,
                params,
                candidates.typed(part, params),
                typed.seed,
                typed.folds,
                getattr(typed.split, "by", None),
                metric,
                parts.train,
                parts.validation,
                id=f"candidate_{number}",
            )
        )
    params, made = choose(config, mlflow_run, parts.digest, tried)
    return params, made
