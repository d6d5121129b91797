"""Data comes in; what cannot be read is quarantined."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from data import contract
from kaizen import catalog, progress
from kaizen.paths import home
from stacks.zenml_settings import FRAME


@step(output_materializers={"dataset": FRAME})
def load(
    usecase: str, data: dict[str, Any], fingerprint: str
) -> Annotated[pd.DataFrame, "dataset"]:
    """``fingerprint`` names the source's content, so that the cache sees a source that changed."""
    case = catalog.usecase(usecase)
    dataset = contract.read(case, case.Data.model_validate(data), home())
    progress.figure(f"{len(dataset):,} rows, {fingerprint[:24]}")
    return dataset
