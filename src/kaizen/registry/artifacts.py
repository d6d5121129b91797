"""Files that belong to a model version, kept beside its model."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from mlflow import artifacts
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from kaizen.core.errors import KaizenError
from kaizen.registry import model_files, store, versions


@dataclass(frozen=True)
class Beside:
    """One kind of file, at most one for each version.

    Attributes:
        name: what the file is called.
        tag: the version's tag that says what the file must be: its SHA-256.
    """

    name: str
    tag: str

    def keep(self, usecase: str, version: str, content: bytes) -> None:
        """Keep ``content`` with ``version``; the same again changes nothing."""
        digest = model_files.sha256(content)
        if versions.get(usecase, version).tags.get(self.tag) == digest:
            return
        source = store.client().get_model_version_download_uri(usecase, version)
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary) / self.name
            file.write_bytes(content)
            get_artifact_repository(source, tracking_uri=store.uri()).log_artifact(str(file))
        # Last: a version with the tag has the file.
        versions.tag(usecase, version, **{self.tag: digest})

    def of(self, usecase: str, version: str) -> bytes | None:
        """The file of a version; None where it has none.

        Raises:
            UsageError: there is no such version.
            KaizenError: the file is gone, or is not what was kept.
        """
        found = versions.get(usecase, version)
        expected = found.tags.get(self.tag)
        if expected is None:
            return None
        source = store.client().get_model_version_download_uri(usecase, found.version)
        try:
            with tempfile.TemporaryDirectory() as temporary:
                content = Path(
                    artifacts.download_artifacts(
                        f"{source}/{self.name}", dst_path=temporary, tracking_uri=store.uri()
                    )
                ).read_bytes()
        except (OSError, MlflowException) as error:
            raise KaizenError(
                f"{self.name} of {usecase} v{found.version} cannot be read from {source}: {error}"
            ) from error
        if model_files.sha256(content) != expected:
            raise KaizenError(
                f"{self.name} of {usecase} v{found.version} is not what was kept: SHA-256 "
                f"{expected} was expected; train again or roll back"
            )
        return content
