"""CPU of a server per request, of this code and of an earlier commit's, in turns.

One worker each, 16 connections, events written. The release is a built Bento's::

    .venv/bin/python benchmarks/request_cost.py .kaizen/bentoml/bentos/digits/VERSION/src HEAD~5
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import httpx
import psutil

from benchmarks.measure import ROOT

CONNECTIONS = 16
TURNS = 6
SECONDS = 2.0
COMMON = ("max_body_bytes", "max_rows", "timeout_s")
"""The limits that every version of the service knows."""
_SERVE = """
import sys
from pathlib import Path
import uvicorn
try:
    from kaizen.server.app import create
except ModuleNotFoundError:  # a commit whose code was not in src/ yet
    from serving.app import create
app = create(Path(sys.argv[1]), Path(sys.argv[2]))
uvicorn.run(app, port=int(sys.argv[3]), http="httptools", loop="uvloop", log_level="error")
"""


@contextmanager
def serving(code: Path, release: Path, events: Path) -> Iterator[tuple[psutil.Process, int]]:
    """A server of the code in ``code``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-c", _SERVE, str(release), str(events), str(port)]
    path = f"{code}/src:{code}"
    with subprocess.Popen(words, cwd=code, env={"PYTHONPATH": path}) as process:
        try:
            for _ in range(200):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/readyz").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield psutil.Process(process.pid), port
        finally:
            process.terminate()


async def _client(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    while time.monotonic() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        done += 1
    writer.close()
    return done


def turn(server: tuple[psutil.Process, int], request: bytes) -> float:
    """Microseconds of the server's CPU per request."""
    process, port = server

    async def crowd() -> int:
        until = time.monotonic() + SECONDS
        return sum(
            await asyncio.gather(*(_client(port, request, until) for _ in range(CONNECTIONS)))
        )

    before = sum(process.cpu_times()[:2])
    done = asyncio.run(crowd())
    return (sum(process.cpu_times()[:2]) - before) / done * 1e6


def requests(usecase: str) -> dict[str, bytes]:
    """One row in each form, as bytes on the wire."""
    features = import_module(f"usecases.{usecase}.features").features
    row = bytes(features.array.row_bytes)
    array = {"data": base64.b64encode(row).decode(), "shape": [1, *features.array.shape]}
    bodies = {
        "raw bytes": (row, "application/octet-stream"),
        "JSON base64": (json.dumps({"array": array}).encode(), "application/json"),
        "JSON rows": (json.dumps({"rows": [features.examples[0]]}).encode(), "application/json"),
    }
    head = "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n"
    return {name: head.format(kind, len(b)).encode() + b for name, (b, kind) in bodies.items()}


def main(source: Path, revision: str) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        packed = subprocess.run(
            ["git", "archive", revision], cwd=ROOT, check=True, capture_output=True
        )
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder / "before", filter="data")
        release = folder / "release"
        release.mkdir()
        for name in ("model.onnx", "golden.json"):
            shutil.copy(source / name, release)
        about = json.loads((source / "metadata.json").read_bytes())
        about["limits"] = {name: about["limits"][name] for name in COMMON}
        (release / "metadata.json").write_text(json.dumps(about))
        with (
            serving(folder / "before", release, folder / "events-before") as before,
            serving(ROOT, release, folder / "events-after") as after,
        ):
            for form, request in requests(about["usecase"]).items():
                turn(before, request), turn(after, request)
                found = [(turn(before, request), turn(after, request)) for _ in range(TURNS)]
                old, new = (statistics.median(each) for each in zip(*found, strict=True))
                print(f"{form:12} {old:6.0f} µs before, {new:6.0f} µs after: {new / old - 1:+.1%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
