"""The one folder that holds all state."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kaizen.core import project


@dataclass(frozen=True)
class Home:
    """The state folder. Its parts are named here and nowhere else."""

    root: Path

    @property
    def zenml(self) -> Path:
        return self.root / "zenml"

    @property
    def mlflow(self) -> Path:
        return self.root / "mlflow"

    @property
    def bentoml(self) -> Path:
        return self.root / "bentoml"

    @property
    def datasets(self) -> Path:
        return self.root / "datasets"

    @property
    def events(self) -> Path:
        return self.root / "events"

    @property
    def rollout(self) -> Path:
        return self.root / "rollout"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def samples(self) -> Path:
        return self.root / "samples"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def batches(self) -> Path:
        return self.root / "batches"

    @property
    def trash(self) -> Path:
        return self.root / "trash"

    @property
    def monitoring(self) -> Path:
        """Verdicts, alerts, reports and galleries."""
        return self.root / "monitoring"

    @property
    def simulations(self) -> Path:
        return self.root / "simulations"

    @property
    def version(self) -> Path:
        """Names the layout of this folder."""
        return self.root / "version.json"

    @property
    def backups(self) -> Path:
        """Copies of the stores as they were before a migration."""
        return self.root / "backups"

    @property
    def zenml_database(self) -> Path:
        """ZenML's own SQLite file, where ZenML puts it."""
        return self.zenml / "stores" / "default_zen_store" / "zenml.db"

    @property
    def mlflow_uri(self) -> str:
        return f"sqlite:///{self.mlflow / 'mlflow.db'}"


def home() -> Home:
    """The state folder of this process: ``KAIZEN_HOME``, or ``.kaizen`` in the project's root.

    Raises:
        UsageError: neither is there: no variable, and no project.
    """
    chosen = os.environ.get("KAIZEN_HOME")
    root = Path(chosen).expanduser() if chosen else project.current().state
    return Home(root.resolve())
