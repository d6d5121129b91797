"""The servers whose answers are measured, each one worker on loopback with the same ONNX model."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import environments, load, standing
from benchmarks.measure import NO_TELEMETRY, ROOT
from kaizen.core import ports
from kaizen.core.errors import KaizenError

OURS, BARE, STOCK, MLSERVER = "kaizen", "fastapi", "bentoml", "mlserver"
ROUTER = "router"
"""Caddy in front of ours, counted without the worker that answers."""
CONNECTIONS = 16
SECONDS = 4.0
PIXELS = bytes(range(256)) * 3 + bytes(16)
IMAGE = base64.b64encode(PIXELS).decode()
OCTETS, JSON = "application/octet-stream", "application/json"
TENSOR = {"name": "image", "shape": [1], "datatype": "BYTES", "data": [IMAGE]}


@dataclass(frozen=True)
class Request:
    """How one server is asked for one digit."""

    path: str
    kind: str
    body: bytes


def _json(path: str, content: object) -> Request:
    return Request(path, JSON, json.dumps(content).encode())


REQUESTS = {
    OURS: {
        "raw": Request("/predict", OCTETS, PIXELS),
        "json": _json("/predict", {"rows": [{"image": IMAGE}]}),
    },
    BARE: {"raw": Request("/predict", OCTETS, PIXELS), "json": _json("/json", {"image": IMAGE})},
    STOCK: {"raw": Request("/predict", OCTETS, PIXELS), "json": _json("/json", {"image": IMAGE})},
    ROUTER: {"raw": Request("/digits/predict", OCTETS, PIXELS)},
    MLSERVER: {"json": _json("/v2/models/digits/infer", {"inputs": [TENSOR]})},
}


@dataclass
class Measured:
    """A running server and what was measured of it, by form of request."""

    name: str
    port: int
    server: standing.Server
    costs: dict[str, list[float]] = field(default_factory=dict)
    loads: dict[str, list[load.Load]] = field(default_factory=dict)

    def measure(self, form: str, *, keep: bool) -> None:
        """One stretch of load, kept or only to warm up.

        Raises:
            KaizenError: an answer was not 200.
        """
        request = REQUESTS[self.name][form]
        before = self.server.cpu_seconds()
        found = load.run(self.port, request.path, request.kind, request.body, CONNECTIONS, SECONDS)
        if found.failed:
            raise KaizenError(f"{self.name}: {found.failed} of {len(found.latencies)} failed")
        if not keep:
            return
        cost = 1e6 * (self.server.cpu_seconds() - before) / len(found.latencies)
        self.costs.setdefault(form, []).append(cost)
        self.loads.setdefault(form, []).append(found)


@contextmanager
def ours(work: Path) -> Iterator[tuple[Path, Measured, Measured]]:
    """A digits model trained, promoted and served by the real command.

    Its file; the service, asked past the router; and the router.
    """
    variables = {**_variables(work / OURS), "KAIZEN_HOME": str(work / OURS / "home")}

    def kaizen(*words: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-m", "kaizen.cli.main", *words, "--json"],
            env=variables, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise KaizenError(f"kaizen {' '.join(words)} failed: {done.stderr[-500:]}")
        found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return found

    try:
        kaizen("run", "digits", "--preset", "fast")
        from kaizen.core.paths import Home
        from kaizen.rollout import supervisor
        from kaizen.rollout.caddy import PORT_SETTING
        from kaizen.rollout.state import State

        with State(Home(work / OURS / "home")) as state:
            placed = state.desired()["digits"].main
            pids = [state.processes()[name].pid for name in (placed.service, supervisor.ROUTER)]
            doors = placed.port, int(state.setting(PORT_SETTING) or 0)
        service, router = (
            Measured(name, port, _running(name, port, pid))
            for name, port, pid in zip((OURS, ROUTER), doors, pids, strict=True)
        )
        model = next(Path(placed.release.path).rglob("model.onnx"))
        yield model, service, router
    finally:
        kaizen("down")


def _running(name: str, port: int, pid: int | None) -> standing.Server:
    if pid is None:
        raise KaizenError(f"{name} does not run")
    return standing.Server(f"http://{ports.HOST}:{port}", pid)


@contextmanager
def fastapi(model: Path, work: Path, _: Path) -> Iterator[Measured]:
    program = ["-m", "uvicorn", "benchmarks.peers.serve_fastapi:app", "--no-access-log"]
    with _started(BARE, sys.executable, program, model, work, "/docs") as server:
        yield server


@contextmanager
def bentoml(model: Path, work: Path, _: Path) -> Iterator[Measured]:
    program = ["-m", "bentoml", "serve", "benchmarks.peers.serve_bentoml:Service"]
    with _started(STOCK, sys.executable, program, model, work, "/readyz") as server:
        yield server


@contextmanager
def mlserver(model: Path, work: Path, peers: Path) -> Iterator[Measured]:
    python = str(environments.python(MLSERVER, peers))
    folder = work / MLSERVER / "model"
    folder.mkdir(parents=True, exist_ok=True)
    about = {"name": "digits", "implementation": "benchmarks.peers.serve_mlserver.Runtime"}
    (folder / "model-settings.json").write_text(json.dumps(about), encoding="utf-8")
    settings = {
        "debug": False,
        "host": ports.HOST,
        "parallel_workers": 0,
        "grpc_port": ports.choose("bench_grpc", 18700),
        "metrics_port": ports.choose("bench_metrics", 18900),
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    program = ["-c", "from mlserver.cli import main; main()", "start", str(folder)]
    ready = "/v2/models/digits/ready"
    with _started(MLSERVER, python, program, model, work, ready) as server:
        yield server


@contextmanager
def _started(
    name: str, python: str, program: list[str], model: Path, work: Path, ready: str
) -> Iterator[Measured]:
    """A server on a free port of loopback, ended with the block.

    Raises:
        Missing: it did not come up.
    """
    port = ports.choose("bench", 18500)
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    variables = {
        **_variables(folder),
        "MODEL": str(model),
        "MLSERVER_HTTP_PORT": str(port),
        "BENTOML_HOME": str(folder / "bentoml"),
    }
    where = [] if name == MLSERVER else ["--host", ports.HOST, "--port", str(port)]
    url = f"http://{ports.HOST}:{port}"
    log = folder / "server.log"
    with standing.started([python, *program, *where], variables, f"{url}{ready}", log) as pid:
        yield Measured(name, port, standing.Server(url, pid))


def _variables(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        **NO_TELEMETRY,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "BENTOML_DO_NOT_TRACK": "True",
        "OMP_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }
