"""The data contract: bad data stops here and is quarantined, good data gets its version."""

from typing import Annotated

import pandas as pd
from zenml import step

from kaizen.core import catalog, progress
from kaizen.core.paths import home
from kaizen.data import contract, versions
from kaizen.orchestration.step_settings import FRAME


@step(output_materializers={"checked": FRAME})
def validate(
    usecase: str, fingerprint: str, dataset: pd.DataFrame
) -> tuple[Annotated[pd.DataFrame, "checked"], Annotated[str, "dataset_digest"]]:
    """The data with the types the contract gives it, and its version."""
    schema = catalog.usecase(usecase).contract()
    checked = contract.check(dataset, schema, usecase, home())
    version = versions.store(usecase, checked, home(), source=fingerprint)
    dataset_digest = version.digest
    state = "new version" if version.created else "known version"
    progress.figure(f"{version.rows:,} rows keep the contract, {state} {dataset_digest[:7]}")
    return checked, dataset_digest
