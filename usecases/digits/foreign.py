"""Digits from elsewhere: what traffic may bring that the model has never seen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kaizen.core.errors import unknown
from usecases.digits import source

FOLDER = Path(__file__).parent / "data" / "foreign"
SHA256 = {
    "japanese": "376a596f419aee15d0345a03a71a03e915ebd20d11c4790594cda8f4fbfa96b1",
    "devanagari": "299af2323f1a781255d8a0a75bcc82493a27aed147841ab7dac6a68f04c88ba3",
    "kannada": "bf7dfb992c736ac4988ebc6ff7052210751240a04248481e7478bd131d3c5b44",
}
"""The sources by name, and the digest of each one's file."""


def load(name: str) -> pd.DataFrame:
    """One source's digits, with the columns of the use case's own: ``image`` and ``label``.

    Raises:
        UsageError: there is no such source.
        KaizenError: its file is missing or damaged.
    """
    if name not in SHA256:
        raise unknown("source of digits", name, SHA256)
    return source.load(source.Data(path=FOLDER / f"{name}.npz", sha256=SHA256[name]))
