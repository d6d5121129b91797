"""What an answer costs: our service beside bare FastAPI, stock BentoML and MLServer.

Each is one worker on loopback with the same ONNX model, asked for one digit over 16 connections.
Counted is the CPU of the server's processes, microseconds a request; in turns, medians. Ours
checks every field and has each prediction as an event on disk before it answers; the others keep
nothing.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import environments, load, standing
from benchmarks.measure import NO_TELEMETRY, ROOT
from benchmarks.results import Result
from kaizen import ports
from kaizen.errors import KaizenError

CASE = "serving"
OURS, BARE, STOCK, MLSERVER = "kaizen", "fastapi", "bentoml", "mlserver"
CONNECTIONS = 16
SECONDS = 4.0
GOALS = {(BARE, "raw"): 1.4, (STOCK, "raw"): 0.6, (MLSERVER, "raw"): 0.5, (STOCK, "json"): 0.7}
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


def run(rounds: int, work: Path, peers: Path, say: Callable[[str], None]) -> list[Result]:
    """Start every server, ask each in turns, and compare."""
    with ExitStack() as stack:
        model, ours = stack.enter_context(_ours(work))
        servers = [ours]
        for start in (_fastapi, _bentoml, _mlserver):
            try:
                servers.append(stack.enter_context(start(model, work, peers)))
            except environments.Missing as reason:
                say(f"left out: {reason}")
        for number in range(rounds + 1):
            for server in servers:
                for form in REQUESTS[server.name]:
                    server.measure(form, keep=number > 0)
        for server in servers:
            for form, some in server.loads.items():
                say(
                    f"{CASE:<16} {server.name:<10} {form:<5}"
                    f" {median(server.costs[form]):6.0f} µs CPU a request,"
                    f" {median(one.rate for one in some):6,.0f} a second,"
                    f" p99 {median(one.quantile(0.99) for one in some):.1f} ms"
                )
        return [each for other in servers[1:] for each in _compared(ours, other)]


def _compared(ours: Measured, other: Measured) -> Iterator[Result]:
    for form in ("raw", "json"):
        left = ours.costs[form]
        right = other.costs.get(form) or other.costs["json"]  # MLServer takes JSON alone
        ratio = median(left) / median(right)
        goal = GOALS.get((other.name, form))
        yield Result(
            CASE,
            f"{CASE}: {form}",
            median(left),
            median(right),
            other.name,
            ratio,
            "µs CPU",
            {"ours": [round(v, 1) for v in left], "peer": [round(v, 1) for v in right]},
            goal,
            met=None if goal is None else ratio <= goal,
        )


@contextmanager
def _ours(work: Path) -> Iterator[tuple[Path, Measured]]:
    """A digits model trained, promoted and served by the real command; asked past the router."""
    variables = {**_variables(work / OURS), "KAIZEN_HOME": str(work / OURS / "home")}

    def kaizen(*words: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *words, "--json"],
            env=variables, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise KaizenError(f"kaizen {' '.join(words)} failed: {done.stderr[-500:]}")
        found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return found

    try:
        kaizen("run", "digits", "--preset", "fast")
        from kaizen.paths import Home
        from rollout.state import State

        with State(Home(work / OURS / "home")) as state:
            placed = state.desired()["digits"].main
            pid = state.processes()[placed.service].pid
        if pid is None:
            raise KaizenError("the service does not run")
        model = next(Path(placed.release.path).rglob("model.onnx"))
        url = f"http://{ports.HOST}:{placed.port}"
        yield model, Measured(OURS, placed.port, standing.Server(url, pid))
    finally:
        kaizen("down")


@contextmanager
def _fastapi(model: Path, work: Path, _: Path) -> Iterator[Measured]:
    program = ["-m", "uvicorn", "benchmarks.peers.serve_fastapi:app", "--no-access-log"]
    with _started(BARE, sys.executable, program, model, work, "/docs") as server:
        yield server


@contextmanager
def _bentoml(model: Path, work: Path, _: Path) -> Iterator[Measured]:
    program = ["-m", "bentoml", "serve", "benchmarks.peers.serve_bentoml:Service"]
    with _started(STOCK, sys.executable, program, model, work, "/readyz") as server:
        yield server


@contextmanager
def _mlserver(model: Path, work: Path, peers: Path) -> Iterator[Measured]:
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
