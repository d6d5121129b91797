"""The data contract: bad data stops here and is quarantined, good data gets its version."""

from typing import Annotated

import pandas as pd
from zenml import step

from data import contract, versions
from kaizen import catalog, progress
from kaizen.paths import home


@step
def validate(
    usecase: str, fingerprint: str, dataset: pd.DataFrame
) -> tuple[Annotated[int, "rows"], Annotated[str, "dataset_digest"]]:
    schema = catalog.usecase(usecase).contract()
    contract.check(dataset, schema, usecase, home())
    version = versions.store(usecase, dataset, home(), source=fingerprint)
    rows, dataset_digest = version.rows, version.digest
    state = "new version" if version.created else "known version"
    progress.figure(f"{rows:,} rows keep the contract, {state} {dataset_digest[:7]}")
    return rows, dataset_digest
