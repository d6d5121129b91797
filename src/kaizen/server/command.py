"""How a Bento is started: the command and the environment of one running server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from kaizen.core.paths import Home
from kaizen.core.ports import HOST
from kaizen.core.results import Release
from kaizen.server import keyring

MOST_WORKERS = 64
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


def processes(workers: int | Literal["auto"]) -> int:
    """How many worker processes a setting means.

    ``auto`` is one for each core that may be used here, by the process's affinity and its control
    group's share of CPU; at least two, so that one that ends is no outage.
    """
    if workers != "auto":
        return workers
    from joblib import cpu_count  # type: ignore[import-untyped]

    return max(2, min(int(cpu_count()), MOST_WORKERS))


def command(release: Release, port: int, workers: int) -> list[str]:
    """The command line of a server for ``release`` on 127.0.0.1.

    The number of workers travels as a variable: ``bentoml serve --api-workers`` has no effect on
    services of this kind. ``env`` replaces itself, so the process id stays the supervisor's.
    """
    return [
        *("env", f"KAIZEN_WORKERS={workers}"),
        *(sys.executable, "-m", "bentoml", "serve", release.path),
        *("--host", HOST, "--port", str(port)),
        *("--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "15"),
    ]


def environment(
    release: Release, run_folder: Path, events_folder: Path, home: Home
) -> dict[str, str]:
    """The whole environment of one running server; nothing else of the caller's goes along.

    Args:
        release: what is served.
        run_folder: the server's own folder, also to be its working folder: two servers that
            share one wipe each other's metrics. It is made when it is missing.
        events_folder: where the use case's events are kept (``home.events / release.usecase``).
        home: the state folder.
    """
    keyring.probe(home.keys)  # these are there before the server first looks
    keyring.redaction(home.keys)
    own = {
        "BENTOML_HOME": str(run_folder / "bentoml"),
        "KAIZEN_HOME": str(home.root),
        "KAIZEN_EVENTS": str(events_folder),
        "KAIZEN_KEYS": str(home.keys),
        "KAIZEN_ROUTER_ADDRESS": HOST,
        "KAIZEN_RELEASE": release.tag,
    }
    return base(run_folder) | own


def base(folder: Path) -> dict[str, str]:
    """The least environment in which BentoML runs, with all it writes below ``folder``.

    Without PYTHONPATH, so that no other code comes before the Bento's; without byte code, so that
    the Bento stays as it was built; without secrets, because none is passed on.
    """
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "1",
        "OTEL_SDK_DISABLED": "true",
        "ORT_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
    }
