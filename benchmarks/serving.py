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
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from benchmarks import environments, load
from benchmarks.measure import NO_TELEMETRY, ROOT
from benchmarks.results import Result
from kaizen import ports
from kaizen.errors import KaizenError

CASE = "serving"
OURS, BARE, STOCK, MLSERVER = "kaizen", "fastapi", "bentoml", "mlserver"
CONNECTIONS = 16
SECONDS = 4.0
READY_S = 60.0
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
class Server:
    """A running server and what was measured of it, by form of request."""

    name: str
    port: int
    pids: tuple[int, ...]
    costs: dict[str, list[float]] = field(default_factory=dict)
    loads: dict[str, list[load.Load]] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """CPU used so far by its processes and theirs."""
        total = 0.0
        for pid in self.pids:
            root = psutil.Process(pid)
            for process in {root, *root.children(recursive=True)}:
                used = process.cpu_times()
                total += used.user + used.system
        return total

    def measure(self, form: str) -> None:
        """One stretch of load.

        Raises:
            KaizenError: an answer was not 200.
        """
        request = REQUESTS[self.name][form]
        before = self.cpu_seconds()
        found = load.run(self.port, request.path, request.kind, request.body, CONNECTIONS, SECONDS)
        if found.failed:
            raise KaizenError(f"{self.name}: {found.failed} of {len(found.latencies)} failed")
        cost = 1e6 * (self.cpu_seconds() - before) / len(found.latencies)
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
        for number in range(rounds + 1):  # the first warms up
            for server in servers:
                for form in REQUESTS[server.name]:
                    server.measure(form)
                    if number == 0:
                        server.costs.clear()
                        server.loads.clear()
        for server in servers:
            for form, some in server.loads.items():
                say(
                    f"{CASE:<16} {server.name:<10} {form:<5}"
                    f" {median(server.costs[form]):6.0f} µs CPU a request,"
                    f" {median(one.rate for one in some):6,.0f} a second,"
                    f" p99 {median(one.quantile(0.99) for one in some):.1f} ms"
                )
        return [each for other in servers[1:] for each in _compared(ours, other)]


def _compared(ours: Server, other: Server) -> Iterator[Result]:
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
def _ours(work: Path) -> Iterator[tuple[Path, Server]]:
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
        yield model, Server(OURS, placed.port, (pid,))
    finally:
        kaizen("down")


@contextmanager
def _fastapi(model: Path, work: Path, _: Path) -> Iterator[Server]:
    program = ["-m", "uvicorn", "benchmarks.peers.serve_fastapi:app", "--no-access-log"]
    with _started(BARE, sys.executable, program, model, work, "/docs") as server:
        yield server


@contextmanager
def _bentoml(model: Path, work: Path, _: Path) -> Iterator[Server]:
    program = ["-m", "bentoml", "serve", "benchmarks.peers.serve_bentoml:Digits"]
    with _started(STOCK, sys.executable, program, model, work, "/readyz") as server:
        yield server


@contextmanager
def _mlserver(model: Path, work: Path, peers: Path) -> Iterator[Server]:
    python = str(environments.python(MLSERVER, peers))
    folder = work / MLSERVER / "model"
    folder.mkdir(parents=True, exist_ok=True)
    about = {"name": "digits", "implementation": "benchmarks.peers.serve_mlserver.Digits"}
    (folder / "model-settings.json").write_text(json.dumps(about), encoding="utf-8")
    grpc, metrics = _free(), _free()
    settings = {
        "debug": False,
        "host": ports.HOST,
        "parallel_workers": 0,
        "grpc_port": grpc,
        "metrics_port": metrics,
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    program = ["-c", "from mlserver.cli import main; main()", "start", str(folder)]
    ready = "/v2/models/digits/ready"
    with _started(MLSERVER, python, program, model, work, ready) as server:
        yield server


@contextmanager
def _started(
    name: str, python: str, program: list[str], model: Path, work: Path, ready: str
) -> Iterator[Server]:
    """A server on a free port of loopback, ended with the block.

    Raises:
        Missing: it did not come up.
    """
    port = _free()
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    variables = {
        **_variables(folder),
        "MODEL": str(model),
        "MLSERVER_HTTP_PORT": str(port),
        "BENTOML_HOME": str(folder / "bentoml"),
    }
    where = [] if name == MLSERVER else ["--host", ports.HOST, "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [python, *program, *where],
            env=variables, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        _wait(f"http://{ports.HOST}:{port}{ready}", process, folder / "server.log")
        yield Server(name, port, (process.pid,))
    finally:
        children = []
        with suppress(psutil.Error):
            children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        for left in children:
            with suppress(psutil.Error):
                left.kill()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind((ports.HOST, 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310
            return
        time.sleep(0.2)
    raise environments.Missing(f"{url} did not answer: see {log}")


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
