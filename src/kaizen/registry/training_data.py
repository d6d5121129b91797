"""The rows a registered version learnt from, and how they were cut from the others."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml
from pydantic import TypeAdapter

from kaizen.core.paths import Home
from kaizen.core.settings import SplitRule
from kaizen.data import versions as datasets
from kaizen.data.split import split
from kaizen.registry import lineage, versions


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


def recorded(usecase: str, version: str) -> tuple[str, dict[str, Any]]:
    """Digest of the version's data set, and the rule it was cut by; empty where the run is gone.

    Raises:
        UsageError: there is no such version.
    """
    story = lineage.why(usecase, version)
    rule = {
        name.removeprefix("split."): yaml.safe_load(value)
        for name, value in story["parameters"].items()
        if name.startswith("split.")
    }
    return story["dataset"]["digest"], rule
