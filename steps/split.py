"""Train, validation, holdout."""

from typing import Annotated, Any

import pandas as pd
from pydantic import TypeAdapter
from zenml import step

from kaizen.core import progress
from kaizen.core.settings import SplitRule
from kaizen.data import split as parts
from kaizen.orchestration.step_settings import FRAME

NAMES = ("train", "validation", "holdout")


@step(output_materializers=dict.fromkeys(NAMES, FRAME))
def split(
    dataset: pd.DataFrame, rule: dict[str, Any]
) -> tuple[
    Annotated[pd.DataFrame, "train"],
    Annotated[pd.DataFrame, "validation"],
    Annotated[pd.DataFrame, "holdout"],
]:
    made = parts.split(dataset, TypeAdapter(SplitRule).validate_python(rule))
    train, validation, holdout = made.train, made.validation, made.holdout
    progress.figure(f"{len(train):,} / {len(validation):,} / {len(holdout):,} rows")
    return train, validation, holdout
