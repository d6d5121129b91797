"""Who is measured, and how each is set up before the first measured run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import environments, standing
from benchmarks.cases import OURS, PLAIN, RAW
from benchmarks.measure import ROOT, System

MODULES = {
    "prefect": "prefect_flow",
    "dagster": "dagster_job",
    "metaflow": "metaflow_flow",
    "kedro": "kedro_pipeline",
}


def local(work: Path) -> dict[str, System]:
    """Ours, raw ZenML and plain Python: all from this environment, each with a home of its own."""
    python = sys.executable
    return {
        OURS: _module(OURS, python, "ours", work, {"KAIZEN_HOME": str(work / OURS / "home")}),
        RAW: _module(
            RAW,
            python,
            "raw_zenml",
            work,
            # Its source root would be this, too, after `zenml init` here.
            {
                "ZENML_CONFIG_PATH": str(work / RAW / "config"),
                "ZENML_CUSTOM_SOURCE_ROOT": str(ROOT),
            },
        ),
        PLAIN: _module(PLAIN, python, "plain", work, {}),
    }  # fmt: skip


@contextmanager
def peer(name: str, work: Path, folder: Path) -> Iterator[System]:
    """Another system, installed in ``folder``, with its server where it needs one.

    Raises:
        Missing: it cannot be installed here.
    """
    interpreter = str(environments.python(name, folder))
    home = work / name
    home.mkdir(parents=True, exist_ok=True)
    variables = {
        "prefect": {"PREFECT_HOME": str(home / "prefect")},
        "dagster": {"DAGSTER_HOME": str(home / "dagster")},
        "metaflow": {"METAFLOW_DATASTORE_SYSROOT_LOCAL": str(home), "USERNAME": "bench"},
        "kedro": {},
    }[name]
    if name == "dagster":
        (home / "dagster").mkdir(exist_ok=True)
    if name != "prefect":
        yield _module(name, interpreter, MODULES[name], work, variables)
        return
    with standing.prefect(interpreter, home) as server:
        variables["PREFECT_API_URL"] = server.url
        system = _module(name, interpreter, MODULES[name], work, variables)
        yield replace(system, beside=server.cpu_seconds)


def _module(
    name: str, interpreter: str, module: str, work: Path, variables: dict[str, str]
) -> System:
    return System(name, (interpreter, "-m", f"benchmarks.peers.{module}"), work / name, variables)
