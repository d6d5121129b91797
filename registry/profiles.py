"""The drift profile of a model version, kept beside its model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mlflow import artifacts
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from kaizen.errors import KaizenError
from registry import folder, store, versions

NAME = "profile.zip"
SHA256 = "profile_sha256"
"""The tag that says what the file must be."""


def keep(usecase: str, version: str, content: bytes) -> None:
    """Keep ``content`` as the profile of ``version``; the same again changes nothing."""
    digest = folder.sha256(content)
    if versions.get(usecase, version).tags.get(SHA256) == digest:
        return
    source = store.client().get_model_version_download_uri(usecase, version)
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / NAME
        file.write_bytes(content)
        get_artifact_repository(source, tracking_uri=store.uri()).log_artifact(str(file))
    # Last: a version with the tag has the file.
    versions.tag(usecase, version, **{SHA256: digest})


def of(usecase: str, version: str) -> bytes | None:
    """The profile of a version; None where it has none.

    Raises:
        UsageError: there is no such version.
        KaizenError: the file is gone, or is not what was kept.
    """
    found = versions.get(usecase, version)
    expected = found.tags.get(SHA256)
    if expected is None:
        return None
    source = store.client().get_model_version_download_uri(usecase, found.version)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            content = Path(
                artifacts.download_artifacts(
                    f"{source}/{NAME}", dst_path=temporary, tracking_uri=store.uri()
                )
            ).read_bytes()
    except (OSError, MlflowException) as error:
        raise KaizenError(
            f"{NAME} of {usecase} v{found.version} cannot be read from {source}: {error}"
        ) from error
    if folder.sha256(content) != expected:
        raise KaizenError(
            f"{NAME} of {usecase} v{found.version} is not what was kept: SHA-256 {expected} was "
            "expected; train again or roll back"
        )
    return content
