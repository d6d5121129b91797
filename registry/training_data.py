"""The rows a registered version learnt from, and those held out from it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml
from pydantic import TypeAdapter

from data import versions as datasets
from data.split import split
from kaizen.paths import Home
from kaizen.rules import SplitRule
from kaizen.usecase import Split
from registry import lineage, versions


def of(usecase: str, version: str, rule: dict[str, Any], home: Home) -> pd.DataFrame:
    """The train part of the version's data set, cut by ``rule``.

    Raises:
        KaizenError: the data set is gone or damaged.
    """
    return _parts(usecase, versions.get(usecase, version).tags["dataset_digest"], rule, home).train


def held_out(usecase: str, version: str, rule: dict[str, Any], home: Home) -> pd.DataFrame:
    """The part of the version's data set that it has never learnt from.

    It is cut as the version's run recorded it, by ``rule`` where the run is gone.

    Raises:
        UsageError: there is no such version.
        KaizenError: the data set is gone or damaged.
    """
    story = lineage.why(usecase, version)
    recorded = {
        name.removeprefix("split."): yaml.safe_load(value)
        for name, value in story["parameters"].items()
        if name.startswith("split.")
    }
    return _parts(usecase, story["dataset"]["digest"], recorded or rule, home).holdout


def _parts(usecase: str, digest: str, rule: dict[str, Any], home: Home) -> Split:
    return split(datasets.load(usecase, digest, home), TypeAdapter(SplitRule).validate_python(rule))
