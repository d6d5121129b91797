"""The best of a sweep's candidates, each of which becomes a run in MLflow."""

from typing import Annotated, Any

from zenml import step

from kaizen.core import candidates, catalog, progress
from kaizen.core.config import restore
from kaizen.core.results import Candidate, Choice
from kaizen.core.tree import merge
from kaizen.evaluation import sweep as sweeps
from kaizen.registry import sweep_logging


@step(enable_cache=False)
def choose(
    config: dict[str, Any], mlflow_run: str, dataset_digest: str, tried: list[Candidate]
) -> tuple[Annotated[dict[str, Any], "params"], Annotated[Choice, "choice"]]:
    """``params`` is the whole of them, the best candidate's among them."""
    case = catalog.usecase(config["usecase"])
    sweep = sweeps.ranked(case, restore(config), tried)
    sweep_logging.children(mlflow_run, case.name, sweep)
    best = sweep.best
    if best.rank is None:
        raise sweeps.nothing_left(sweep)
    whole = case.Params.model_validate(merge(config["params"], best.params))
    params = whole.model_dump(mode="json")
    sweep_logging.chosen(mlflow_run, params, sweep)
    failed = f", {len(sweep.failed)} failed" if sweep.failed else ""
    progress.figure(
        f"{candidates.in_words(best.params)}: {sweep.metric} "
        f"{sweeps.value_in_words(best, sweep.metric)}, best of {len(sweep.candidates)}{failed}"
    )
    return params, Choice(dataset_digest=dataset_digest, params=params, sweep=sweep)
