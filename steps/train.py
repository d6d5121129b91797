"""A challenger learns."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.orchestration.step_settings import MODEL, heavy


@step(
    output_materializers={"model": MODEL},
    settings=heavy("usecases.{usecase}"),
)
def train(
    usecase: str,
    params: dict[str, Any],
    seed: int,
    train: pd.DataFrame,
    validation: pd.DataFrame,
) -> tuple[
    Annotated[Any, "model"],
    Annotated[dict[str, Any], "curves"],
    Annotated[dict[str, Any], "summary"],
]:
    case = catalog.usecase(usecase)
    chosen = case.Params.model_validate(params)
    trained = case.train(chosen, train, validation, seed, progress.figure)
    model, curves, summary = trained.model, dict(trained.curves), dict(trained.summary)
    return model, curves, summary
