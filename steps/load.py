"""Data comes in and gets its version."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from data import versions
from kaizen import catalog, progress
from kaizen.paths import home
from stacks.zenml_materializers import FrameMaterializer


@step(output_materializers={"dataset": FrameMaterializer})
def load(
    usecase: str, data: dict[str, Any], fingerprint: str
) -> tuple[Annotated[pd.DataFrame, "dataset"], Annotated[str, "dataset_digest"]]:
    """``fingerprint`` names the source's content, so that the cache sees a source that changed."""
    case = catalog.usecase(usecase)
    dataset = case.load(case.Data.model_validate(data))
    version = versions.store(usecase, dataset, home(), source=fingerprint)
    dataset_digest = version.digest
    state = "new version" if version.created else "known version"
    progress.figure(f"{len(dataset):,} rows, {state} {dataset_digest[:7]}")
    return dataset, dataset_digest
