"""The rows a registered version learnt from."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from data import versions as datasets
from data.split import split
from kaizen.paths import Home
from kaizen.rules import SplitRule
from registry import versions


def of(usecase: str, version: str, rule: dict[str, Any], home: Home) -> pd.DataFrame:
    """The train part of the version's data set, cut by ``rule``.

    Raises:
        KaizenError: the data set is gone or damaged.
    """
    digest = versions.get(usecase, version).tags["dataset_digest"]
    parts = split(
        datasets.load(usecase, digest, home), TypeAdapter(SplitRule).validate_python(rule)
    )
    return parts.train
