"""Lays out what an OCI image of a Bento is built from: nothing is fetched while it is built.

The libraries are those of the Bento's own lock, by hash, as wheels. They are laid beside the Bento
before, so that a build needs neither an index nor its certificates, and any engine will do.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.core.results import Release

BASE = "python:3.11-slim"
PORT = 3000
USER = 10001
"""No user of the host, and no name in the image."""

# No `# syntax` line: it would fetch a front end. What runs is root's and not the user's to change;
# all that is written is below /tmp, so the root file system may be read-only.
_CONTAINERFILE = """\
ARG BASE={base}
FROM ${{BASE}} AS libraries
COPY wheels /wheels
COPY requirements.txt /
RUN python3 -m venv --without-pip /opt/kaizen \\
 && python3 -m pip --python /opt/kaizen/bin/python install --no-index --find-links /wheels \\
    --require-hashes --only-binary :all: --no-cache-dir -r /requirements.txt

FROM ${{BASE}}
COPY --from=libraries /opt/kaizen /opt/kaizen
COPY bento /bento
ENV HOME=/tmp BENTOML_HOME=/tmp/bentoml KAIZEN_WORKERS=1 KAIZEN_RELEASE={tag} \\
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1 DO_NOT_TRACK=1 \\
    BENTOML_DO_NOT_TRACK=True OTEL_SDK_DISABLED=true ORT_DISABLE_TELEMETRY=1
{labels}
WORKDIR /tmp
USER {user}:{user}
EXPOSE {port}
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/opt/kaizen/bin/python", "-c", \\
    "import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/readyz', timeout=2)"]
ENTRYPOINT ["/opt/kaizen/bin/python", "-m", "bentoml", "serve", "/bento", "--host", "0.0.0.0", \\
    "--port", "{port}", "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "15"]
"""


def context(release: Release, folder: Path, home: Home, base: str = BASE) -> Path:
    """Lay the build context of ``release`` out in ``folder``; its Containerfile.

    Args:
        folder: made here; it must not be there, or be empty.
        base: image with Python 3.11, pip and venv.

    Raises:
        UsageError: ``folder`` holds something.
        KaizenError: the Bento is gone, or the libraries cannot be had.
    """
    bento = Path(release.path)
    if not (bento / "bento.yaml").is_file():
        raise KaizenError(f"the Bento of {release.tag} is not at {bento}: package it again")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty: name a folder that is not there yet")
    lock = bento / "src" / "requirements.txt"
    wheels = libraries(lock, home)
    folder.mkdir(parents=True, exist_ok=True)
    # BentoML's own recipe for an image stays behind: it installs compilers, and as root.
    shutil.copytree(bento, folder / "bento", ignore=_recipe)
    _readable(folder / "bento")
    shutil.copytree(wheels, folder / "wheels", copy_function=_linked)
    shutil.copyfile(lock, folder / "requirements.txt")
    target = folder / "Containerfile"
    labels = "\n".join(f"LABEL {name}={json.dumps(value)}" for name, value in _labels(release))
    target.write_text(
        _CONTAINERFILE.format(base=base, tag=release.tag, labels=labels, user=USER, port=PORT)
    )
    return target


def libraries(lock: Path, home: Home) -> Path:
    """A folder with exactly the wheels of ``lock``, fetched where they are not there yet.

    Raises:
        KaizenError: one is not to be had, or is not what its hash says.
    """
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    target = home.cache / "wheels" / digest
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        found = Path(temporary) / "wheels"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet"),
                *("--require-hashes", "--no-deps", "--only-binary", ":all:"),
                *("--dest", str(found), "--requirement", str(lock)),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines()
            last = said[-1] if said else "pip said nothing"
            raise KaizenError(f"the libraries of {lock} could not be fetched: {last}")
        if not target.is_dir():  # another process was as quick
            found.rename(target)
    return target


def _labels(release: Release) -> list[tuple[str, str]]:
    about = json.loads((Path(release.path) / "src" / "metadata.json").read_bytes())
    known = {
        "org.opencontainers.image.title": release.usecase,
        "org.opencontainers.image.version": release.tag.partition(":")[2],
        "org.opencontainers.image.revision": about.get("commit"),
        "kaizen.model-version": release.version,
        "kaizen.model-sha256": release.digest,
    }
    return [(name, str(value)) for name, value in known.items() if value]


def _recipe(folder: str, names: list[str]) -> set[str]:
    return {"docker"} & set(names) if Path(folder).name == "env" else set()


def _readable(folder: Path) -> None:
    """For the image's user, whatever this one's umask is."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _linked(source: str, target: str) -> str:
    """Wheels are large, and one file may have several names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target
