"""Bad data is set aside with its reasons, never trained on and never thrown away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kaizen.core.paths import Home
from kaizen.data.digest import file_digest, frame_digest
from kaizen.data.faults import Fault
from kaizen.data.folders import publish


def keep(usecase: str, frame: pd.DataFrame, faults: Sequence[Fault], home: Home) -> Path:
    """Set ``frame`` aside as ``data.parquet`` beside ``reason.json``; the same rows only once.

    Returns:
        The folder ``quarantine/USECASE/DIGEST``, digest cut to 12 places.
    """
    digest = frame_digest(frame)
    folder = home.quarantine / usecase / digest[:12]

    def fill(inside: Path) -> None:
        _writable(frame).to_parquet(inside / "data.parquet", index=False)
        _write_reason(inside, usecase, digest, faults, rows=len(frame))

    publish(folder, fill)
    return folder


def keep_file(usecase: str, path: Path, faults: Sequence[Fault], home: Home) -> Path:
    """Set a file that cannot be read aside, as it is, beside ``reason.json``."""
    digest = file_digest(path)
    folder = home.quarantine / usecase / digest[:12]

    def fill(inside: Path) -> None:
        shutil.copyfile(path, inside / path.name)
        _write_reason(inside, usecase, digest, faults, file=str(path))

    publish(folder, fill)
    return folder


def _write_reason(
    folder: Path, usecase: str, digest: str, faults: Sequence[Fault], **more: Any
) -> None:
    reason = {
        "usecase": usecase,
        "digest": digest,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "faults": [fault.record() for fault in faults],
        **more,
    }
    (folder / "reason.json").write_text(json.dumps(reason, indent=2), encoding="utf-8")


def _writable(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame``, with columns of mixed types, which Parquet cannot hold, written as text."""
    changed = {}
    for name in frame.columns:
        try:
            pa.array(frame[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            changed[name] = frame[name].map(repr)
    return frame.assign(**changed)
