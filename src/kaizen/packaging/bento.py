"""Builds a Bento: one model version with exactly the code and libraries that serve it.

Nothing is pickled, nothing is fetched, and nothing of the project but the files named here goes
in. The tag follows from the content, so the same release is built once.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kaizen
from kaizen.core import project
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.core.settings import EventsRule, ServingRule
from kaizen.core.usecase import Features
from kaizen.events import replay
from kaizen.inference.golden import Golden, verify
from kaizen.inference.scorer import Scorer
from kaizen.packaging import requirements
from kaizen.server.command import base
from kaizen.server.model import GOLDEN, METADATA, MODEL

ROOMS = ("core", "events", "inference", "server")
"""The rooms of kaizen that travel, each whole. Beside them the project's ``serving/service.py``,
and of the use case ``features.py`` with the modules that this names in ``COMPANIONS``."""

PROFILE = "profile.zip"
"""The drift profile, in a Bento's folder."""

_SCRIPT = """
import sys
from bentoml.bentos import build_bentofile
build_bentofile("bentofile.yaml", version=sys.argv[1], build_ctx=".")
"""

_VERSION = re.compile(r"[a-z0-9]([a-z0-9._]{0,40}[a-z0-9])?")


def build(
    *,
    usecase: str,
    version: str,
    model: bytes,
    golden: Golden,
    metadata: Mapping[str, Any],
    rule: ServingRule,
    home: Home,
    events: EventsRule | None = None,
    profile: bytes | None = None,
) -> Release:
    """Package one model version; the second call with the same input finds the first one's Bento.

    Args:
        usecase: the use case; its ``features.py`` and that one's ``COMPANIONS`` travel.
        version: version in the model registry.
        model: the bytes of ``model.onnx``.
        golden: the requests and answers the model must reproduce.
        metadata: what /version shows besides (data set, commit, runs), as plain JSON values.
        rule: how large and how long requests may be.
        home: where Bentos are kept (``home.bentoml / "bentos"``).
        events: what the service may write down; None for all.
        profile: the drift profile that travels along, for those who watch what is served.

    Raises:
        KaizenError: the ONNX model does not answer as the trained one did, or the build failed.
        UsageError: a field is to be redacted that a row does not have.
    """
    events = events or EventsRule()
    if not _VERSION.fullmatch(version):
        raise KaizenError(
            f"version {version!r} cannot be part of a Bento's tag: expected lower-case letters, "
            "digits, dots and underscores"
        )
    own = project.current()
    features = own.features(usecase)
    events.check(features)
    check_parity(features, model, golden)
    digest = hashlib.sha256(model).hexdigest()
    limits = {
        "max_body_bytes": rule.max_body_bytes,
        "max_rows": rule.max_rows,
        "timeout_s": rule.timeout_s,
        "read_timeout_s": rule.read_timeout_s,
        "max_concurrency": rule.max_concurrency,
        "require_key": rule.require_key,
    }
    about = {**metadata, "usecase": usecase, "model_version": version, "digest": digest}
    settings = {"limits": limits, "redact": events.redact, "max_spool_bytes": events.max_bytes}
    files = library() | own.service_files(usecase)
    files["requirements.txt"] = requirements.lock(own, rule.requirements).encode()
    files[MODEL] = model
    if profile is not None:
        files[PROFILE] = profile
    files[GOLDEN] = golden.dump().encode()
    files[METADATA] = json.dumps({**about, **settings}, allow_nan=False).encode()

    tag = f"{usecase}:{version}-{content_digest(files)[:12]}"
    path = home.bentoml / "bentos" / tag.replace(":", "/")
    if not intact(path, files):
        _build(path, tag, files, about, home)
    return Release(usecase=usecase, version=version, tag=tag, digest=digest, path=str(path))


def library() -> dict[str, bytes]:
    """The files of kaizen that travel, by their path in the Bento."""
    package = Path(kaizen.__file__).parent
    folders = [package / room for room in ROOMS]
    top = (package / "__init__.py", package / "_version.py")
    paths = [*top, *(path for each in folders for path in each.rglob("*.py"))]
    return {f"kaizen/{path.relative_to(package)}": path.read_bytes() for path in paths}


def check_parity(features: Features, model: bytes, golden: Golden) -> float:
    """The largest difference between the ONNX model's answers and the trained model's.

    Raises:
        KaizenError: it is too large, or the model does not have the outputs it should.
    """
    rows = [features.Request.model_validate(row).model_dump() for row in golden.requests]
    return verify(golden, Scorer(model)(features.decode(replay.columns(rows))))


def content_digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 of a set of files, in hex: their names and bytes."""
    total = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()


def intact(path: Path, files: Mapping[str, bytes]) -> bool:
    """Whether the Bento at ``path`` is complete and holds exactly these files."""
    code = path / "src"
    return (path / "bento.yaml").is_file() and all(
        (code / name).is_file() and (code / name).read_bytes() == content
        for name, content in files.items()
    )


def _build(
    path: Path, tag: str, files: Mapping[str, bytes], about: Mapping[str, Any], home: Home
) -> None:
    """Build in a folder of its own, in a process of its own, and move the result into place.

    BentoML imports the service and changes the working folder to do so; neither may happen to the
    caller. The move is atomic: of two builds at once, the second finds the place taken.
    """
    home.bentoml.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.bentoml, prefix="build-") as temporary:
        folder = Path(temporary)
        context = folder / "context"
        for name, content in files.items():
            target = context / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (context / "bentofile.yaml").write_text(json.dumps(_bentofile(tag, files, about)))
        _run_bentoml(folder, context, tag)
        built = folder / "home" / "bentos" / tag.replace(":", "/")
        shutil.copyfile(context / "requirements.txt", built / "env/python/requirements.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not intact(path, files):
            path.rename(folder / "damaged")
        try:
            built.rename(path)
        except OSError as error:
            if not intact(path, files):
                raise KaizenError(f"cannot move the Bento {tag} to {path}: {error}") from error


def _bentofile(tag: str, files: Mapping[str, bytes], about: Mapping[str, Any]) -> dict[str, Any]:
    name, _, _ = tag.partition(":")
    return {
        "service": project.SERVICE,
        "name": name,
        "description": f"kaizen: use case {name}, model version {about['model_version']}.",
        "labels": {key: str(value) for key, value in about.items() if value is not None},
        "include": sorted(files),
        # Our lock is laid in place afterwards: BentoML would add itself to it without a hash, and
        # copy its 160 kB into bento.yaml, which every start parses.
        "python": {"lock_packages": False},
        "docker": {"python_version": "3.11"},
        "envs": [
            {"name": "OTEL_SDK_DISABLED", "value": "true"},
            {"name": "BENTOML_DO_NOT_TRACK", "value": "True"},
            {"name": "ORT_DISABLE_TELEMETRY", "value": "1"},
        ],
    }


def _run_bentoml(folder: Path, context: Path, tag: str) -> None:
    """Let BentoML build ``context``; the code in it is imported, so it is tried as well."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, tag.partition(":")[2]],
        cwd=context,
        env=base(folder) | {"BENTOML_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise KaizenError(f"the Bento {tag} could not be built:\n" + "\n".join(said))
