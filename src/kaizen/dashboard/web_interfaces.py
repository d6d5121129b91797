"""Starts the web interfaces of ZenML, MLflow and Evidently for this home, on loopback."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import httpx
import psutil

from kaizen.core import extras
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.ports import HOST

READY_S = 90.0
STOP_S = 5.0
ALIVE = {"evidently": "/api/version"}
"""What answers when an interface does, where that is not ``/health``."""


@dataclass(frozen=True)
class Interface:
    """A running web interface."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait(self) -> None:
        """Until it ends."""
        self.process.wait()


@contextmanager
def serving(name: str, port: int, home: Home) -> Iterator[Interface]:
    """The interface ``name`` ("zenml", "mlflow" or "evidently") on ``port``, ended with the block.

    Raises:
        KaizenError: it ended at once or did not answer in time; the log is named.
    """
    url = f"http://{HOST}:{port}"
    log = home.logs / f"ui-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command, extra = {"zenml": _zenml, "mlflow": _mlflow, "evidently": _evidently}[name](port, home)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **extra},
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _wait(f"{url}{ALIVE.get(name, '/health')}", process, log=str(log))
        if name == "zenml":
            _skip_survey(url)
        yield Interface(url, process)
    finally:
        _end(process)


def _mlflow(port: int, home: Home) -> tuple[list[str], dict[str, str]]:
    command = [
        sys.executable, "-m", "mlflow", "server",
        "--backend-store-uri", os.environ.get("MLFLOW_TRACKING_URI", home.mlflow_uri),
        "--default-artifact-root", str(home.mlflow / "artifacts"),
        "--host", HOST, "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    # Its job runners are for GenAI evaluation, and outlive the server.
    return command, {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def _zenml(port: int, home: Home) -> tuple[list[str], dict[str, str]]:
    """ZenML's server on the store that runs use directly. Loopback only, so without a login."""
    command = [
        sys.executable, "-m", "uvicorn", "zenml.zen_server.zen_server_api:app",
        "--host", HOST, "--port", str(port), "--no-server-header",
    ]  # fmt: skip
    return command, {
        "ZENML_SERVER": "True",
        "ZENML_STORE_TYPE": "sql",
        "ZENML_STORE_URL": f"sqlite:///{home.zenml_database}",
        "ZENML_CONFIG_PATH": str(home.zenml / "server"),
        "ZENML_SERVER_DEPLOYMENT_TYPE": "local",
        "ZENML_SERVER_AUTH_SCHEME": "NO_AUTH",
        "ZENML_SERVER_AUTO_ACTIVATE": "True",
        "ZENML_SERVER_JWT_SECRET_KEY": secrets.token_hex(32),
        "ZENML_SERVER_ALLOW_LOCAL_FILE_ACCESS": "True",
    }


def _evidently(port: int, home: Home) -> tuple[list[str], dict[str, str]]:
    """Its server watches the workspace: a report kept meanwhile is shown without a restart."""
    extras.needs("evidently", who="`kaizen ui evidently`")
    workspace = home.monitoring / "evidently"
    workspace.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "evidently.cli", "ui",
        "--host", HOST, "--port", str(port), "--workspace", str(workspace),
    ]  # fmt: skip
    return command, {"DO_NOT_TRACK": "1"}


def _wait(url: str, process: subprocess.Popen[bytes], log: str) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise KaizenError(f"the interface ended at once (exit {process.returncode}): see {log}")
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise KaizenError(f"the interface did not answer within {READY_S:.0f} s: see {log}")


def _skip_survey(url: str) -> None:
    """ZenML shows a survey in place of every page until its user has answered it."""
    answer = httpx.put(
        f"{url}/api/v1/current-user",
        json={"email_opted_in": False, "user_metadata": {"finished_onboarding_survey": True}},
        timeout=30,
    )
    if answer.is_error:
        raise KaizenError(f"ZenML refused to skip its survey page: {answer.status_code}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started."""
    started = _children(process.pid)
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in started:
        # psutil compares start times: a pid given to somebody else since is left alone.
        with suppress(psutil.NoSuchProcess):
            child.kill()


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
