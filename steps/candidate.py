"""One candidate of a sweep learns and is scored. It is never given the holdout."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import candidates, catalog, progress
from kaizen.core.results import Candidate
from kaizen.evaluation import sweep
from kaizen.orchestration import cache_policy
from kaizen.orchestration.step_settings import heavy


@step(settings=heavy("usecases.{usecase}"))
def candidate(
    usecase: str,
    params: dict[str, Any],
    chosen: dict[str, Any],
    seed: int,
    folds: int | None,
    by: str | None,
    metric: str,
    train: pd.DataFrame,
    validation: pd.DataFrame,
) -> Annotated[Candidate, "candidate"]:
    """``chosen`` is the part of ``params`` that makes this candidate."""
    name = candidates.in_words(chosen)

    def report(text: str) -> None:
        progress.figure(f"{name}: {text}")

    progress.figure(name)  # should its process be killed, its line says which one it was
    case = catalog.usecase(usecase)
    tried = sweep.attempt(
        case, params, chosen, train, validation, seed=seed, number=folds, by=by, report=report
    )
    if tried.reason is not None:
        cache_policy.forget()  # what failed may not fail again
        report(f"failed: {tried.reason}")
    else:
        report(f"{metric} {sweep.value_in_words(tried, metric)}")
    return tried
