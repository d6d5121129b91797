"""Data comes in; what cannot be read is quarantined."""

from typing import Annotated, Any

import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.core.paths import home
from kaizen.data import contract
from kaizen.orchestration.step_settings import FRAME


@step(output_materializers={"dataset": FRAME})
def load(
    usecase: str, data: dict[str, Any], fingerprint: str
) -> Annotated[pd.DataFrame, "dataset"]:
    """``fingerprint`` names the source's content, so that the cache sees a source that changed."""
    case = catalog.usecase(usecase)
    dataset = contract.read(case, case.Data.model_validate(data), home())
    # Said here and not kept: the rows are the same whatever was left out beside them.
    aside = dataset.attrs.pop("set_aside", [])
    for reason in aside:
        print(f"set aside: {reason}")
    more = f", {len(aside)} things set aside: {aside[0]}" if aside else ""
    progress.figure(f"{len(dataset):,} rows{more}, {fingerprint[:24]}")
    return dataset
