"""Versions of data sets, named by their content: equal rows are one version, for ever."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kaizen.core.errors import KaizenError, unknown
from kaizen.core.paths import Home
from kaizen.data.digest import file_digest, frame_digest
from kaizen.data.folders import publish

DATA = "data.parquet"
META = "meta.json"


@dataclass(frozen=True)
class Version:
    """One version of a data set.

    Attributes:
        digest: SHA-256 of its content, its name.
        rows: how many.
        path: the Parquet file.
        source: where the rows came from.
        created_at: when it was first seen, ISO 8601 in UTC.
        columns: name to type.
        created: whether this call made it; False where it was there already.
    """

    digest: str
    rows: int
    path: Path
    source: str
    created_at: str
    columns: dict[str, str]
    created: bool = False


def store(usecase: str, frame: pd.DataFrame, home: Home, source: str) -> Version:
    """The version that holds ``frame``, made when these rows were never seen before.

    Safe from several processes at once. The row index is not stored.
    """
    digest = frame_digest(frame)
    folder = home.datasets / usecase / digest

    def fill(inside: Path) -> None:
        frame.to_parquet(inside / DATA, index=False)
        meta = {
            "digest": digest,
            "rows": len(frame),
            "columns": {str(name): str(frame[name].dtype) for name in frame.columns},
            "source": source,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "sha256": file_digest(inside / DATA),
        }
        (inside / META).write_text(json.dumps(meta, indent=2), encoding="utf-8")

    created = publish(folder, fill)
    return _version(folder, _meta(folder), created)


def load(usecase: str, digest: str, home: Home) -> pd.DataFrame:
    """The rows of one version, as they were stored.

    Raises:
        UsageError: there is no such version.
        KaizenError: the file is missing or damaged; digests expected and found are named.
    """
    folder = home.datasets / usecase / digest
    if not folder.is_dir():
        known = [version.digest for version in list_versions(usecase, home)]
        raise unknown(f"version of {usecase} data", digest, known)
    path = folder / DATA
    expected = _meta(folder)["sha256"]
    found = file_digest(path) if path.exists() else "no file"
    if found != expected:
        raise KaizenError(
            f"{path} is damaged: SHA-256 {expected} expected, {found} found; "
            f"delete {folder} and load the data again"
        )
    return pd.read_parquet(path)


def list_versions(usecase: str, home: Home) -> list[Version]:
    """Every version of a use case's data, oldest first."""
    folders = [path.parent for path in (home.datasets / usecase).glob(f"[0-9a-f]*/{META}")]
    versions = [_version(folder, _meta(folder)) for folder in folders]
    return sorted(versions, key=lambda version: (version.created_at, version.digest))


def _meta(folder: Path) -> dict[str, Any]:
    path = folder / META
    try:
        meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KaizenError(
            f"{path} is damaged or missing: delete {folder} and load the data again"
        ) from error
    return meta


def _version(folder: Path, meta: dict[str, Any], created: bool = False) -> Version:
    return Version(
        digest=meta["digest"],
        rows=meta["rows"],
        path=folder / DATA,
        source=meta["source"],
        created_at=meta["created_at"],
        columns=meta["columns"],
        created=created,
    )
