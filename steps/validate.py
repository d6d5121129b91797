"""The data contract: bad data stops here and is quarantined."""

from typing import Annotated

import pandas as pd
from zenml import step

from data import contract
from kaizen import catalog, progress
from kaizen.paths import home


@step
def validate(usecase: str, dataset: pd.DataFrame) -> Annotated[int, "rows"]:
    schema = catalog.usecase(usecase).contract()
    contract.check(dataset, schema, usecase, home())
    progress.figure(f"{len(dataset):,} rows keep the contract")
    return len(dataset)
