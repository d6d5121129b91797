"""Asks a release that is not served, in a process of its own: the Bento's own code, no port.

The process ends with its standard input, so it never outlives the one that asks. It keeps no
events, and whatever it is asked, no client is served by it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from kaizen.client.comparison import Answer, Ask, reason
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.server import keyring
from kaizen.server.access import PROBE
from kaizen.server.command import base

# Works in Bentos built before this file was: it leans on `create` alone, and does over ASGI what
# uvicorn does for a client. What a library prints goes to standard error, not between the answers.
_SCRIPT = """
import asyncio, json, os, sys
from base64 import b64decode
from pathlib import Path

out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
try:
    from kaizen.server.app import create
    from kaizen.server.import_guard import check
except ModuleNotFoundError:  # a Bento of kaizen 0.1
    from serving.app import create
    from serving.origin import check

check(Path.cwd())

async def ask(app, method, path, headers, body):
    scope = {"type": "http", "http_version": "1.1", "method": method, "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
             "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 0),
             "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:]).decode()

async def main():
    app = create(Path.cwd(), None, Path(sys.argv[1]), "127.0.0.1")
    async with app.router.lifespan_context(app):
        for line in sys.stdin:
            it = json.loads(line)
            found = await ask(app, it["method"], it["path"], it["headers"], b64decode(it["body"]))
            print(json.dumps(found), file=out, flush=True)

asyncio.run(main())
"""


@contextmanager
def apart(release: Release, home: Home) -> Iterator[Ask]:
    """Asks ``release`` in a process of its own, for as long as the context lasts.

    Raises:
        KaizenError: its Bento is gone or damaged, or does not answer its golden set as due.
    """
    folder = Path(release.path) / "src"
    name = f"{release.usecase} v{release.version}"
    if not folder.is_dir():
        raise KaizenError(f"the Bento of {name} is not at {release.path}: package it again")
    # In a folder where `kaizen gc` looks for what a kill has left.
    home.bentoml.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=home.bentoml, prefix="build-") as own,
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, str(home.keys)],
            cwd=folder,
            env=base(Path(own)) | {"BENTOML_HOME": f"{own}/bentoml"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        service = _Process(process, said, name)
        try:
            ready = service.exchange("GET", "/readyz", {}, b"")
            if ready.status != 200:
                raise KaizenError(f"{name} refuses to serve: {reason(ready.content)}")
            headers = {PROBE: keyring.probe(home.keys)}

            def ask(content_type: str, body: bytes) -> Answer:
                length = {"content-type": content_type, "content-length": str(len(body))}
                return service.exchange("POST", "/predict", headers | length, body)

            yield ask
        finally:
            with suppress(BrokenPipeError):
                service.stdin.close()
            process.kill()


class _Process:
    """The other end of the pipes, one exchange after the other."""

    def __init__(self, process: subprocess.Popen[str], said: IO[str], name: str) -> None:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101
        self.stdin, self._stdout = process.stdin, process.stdout
        self._process, self._said, self._name = process, said, name

    def exchange(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """One request and its answer.

        Raises:
            KaizenError: the process has ended; its last words are quoted.
        """
        asked = {"method": method, "path": path, "headers": headers}
        began = time.perf_counter()
        try:
            self.stdin.write(json.dumps({**asked, "body": b64encode(body).decode()}) + "\n")
            self.stdin.flush()
            line = self._stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise KaizenError(self._ended())
        status, text = json.loads(line)
        took = (time.perf_counter() - began) * 1000
        try:
            return Answer(status, json.loads(text), took)
        except ValueError:
            return Answer(status, text, took)

    def _ended(self) -> str:
        code = self._process.wait()
        self._said.seek(0)
        words = self._said.read().strip().splitlines()
        last = words[-1][:200] if words else "it said nothing"
        return f"the process that asks {self._name} ended with exit code {code}: {last}"
