"""What an image is built from; and, where a container engine answers, the image itself."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kaizen.client.http_client import smoke, wait_ready
from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.inference.golden import Golden
from kaizen.packaging import engines, image
from tests.integration.linear import linear_release

pytestmark = pytest.mark.integration

Packaged = tuple[Home, Release, Golden]
BASE = os.environ.get("KAIZEN_TEST_BASE_IMAGE", image.BASE)


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    return linear_release(tmp_path_factory.mktemp("image"))


@pytest.fixture
def wheels(packaged: Packaged, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """In place of what an index would give."""
    folder = tmp_path / "fetched"
    folder.mkdir()
    (folder / "numpy-2.0-py3-none-any.whl").write_bytes(b"wheel")
    monkeypatch.setattr(image, "libraries", lambda lock, home: folder)
    return folder


def test_the_context_is_the_bento_its_lock_and_its_wheels(
    packaged: Packaged, wheels: Path, tmp_path: Path
) -> None:
    home, release, _ = packaged
    folder = tmp_path / "context"
    file = image.context(release, folder, home, "local/python:3.11")
    text = file.read_text()
    assert text.startswith("ARG BASE=local/python:3.11\n")
    assert sorted(path.name for path in folder.iterdir()) == [
        "Containerfile", "bento", "requirements.txt", "wheels",
    ]  # fmt: skip
    sources = re.findall(r"^COPY (?!--)(\S+)", text, re.MULTILINE)
    assert sorted(sources) == ["bento", "requirements.txt", "wheels"]
    assert all((folder / source).exists() for source in sources)
    lock = (folder / "requirements.txt").read_text()
    assert lock == (Path(release.path) / "src" / "requirements.txt").read_text()
    assert "--hash=sha256:" in lock
    assert "--require-hashes" in text
    assert "--no-index" in text
    assert (folder / "bento" / "bento.yaml").is_file()
    assert not (folder / "bento" / "env" / "docker").exists()
    assert (folder / "wheels" / "numpy-2.0-py3-none-any.whl").read_bytes() == b"wheel"
    (user,) = re.findall(r"^USER (\d+):(\d+)$", text, re.MULTILINE)
    assert int(user[0]) >= 1000
    last = text[text.rindex("FROM ") :]
    assert "HEALTHCHECK" in last
    assert "RUN" not in last, "what is served is what was laid out"
    assert f'LABEL kaizen.model-sha256="{release.digest}"' in last
    assert 'LABEL org.opencontainers.image.revision="c0ffee"' in last
    content = [folder / "bento", *(folder / "bento").rglob("*")]
    bad = [path for path in content if not path.stat().st_mode & stat.S_IROTH]
    assert bad == [], "a user without rights must be able to read it"


def test_a_folder_that_holds_something_is_left_alone(
    packaged: Packaged, wheels: Path, tmp_path: Path
) -> None:
    home, release, _ = packaged
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        image.context(release, tmp_path, home)
    assert (tmp_path / "mine").read_text() == "mine"
    gone = release.model_copy(update={"path": str(tmp_path / "gone")})
    with pytest.raises(KaizenError, match=r"the Bento of diabetes:7-.* is not at"):
        image.context(gone, tmp_path / "context", home)


def test_libraries_that_cannot_be_fetched_are_named_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"no-such-library==1.0 --hash=sha256:{'0' * 64}\n")
    home = Home(tmp_path / "home")
    with pytest.raises(KaizenError, match=r"could not be fetched: .*no-such-library"):
        image.libraries(lock, home)
    assert list((home.cache / "wheels").iterdir()) == []


def test_without_an_engine_each_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "podman"
    broken.write_text("#!/bin/sh\necho cannot connect >&2\nexit 125\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = "docker: not installed; podman: cannot connect; buildah: not installed"
    with pytest.raises(KaizenError, match=f"no container engine answers .{missing}"):
        engines.find()
    with pytest.raises(KaizenError, match=r"\(podman: cannot connect\)"):
        engines.find("podman")
    with pytest.raises(UsageError, match="did you mean 'docker'"):
        engines.find("doker")


@pytest.fixture(scope="module")
def engine() -> engines.Engine:
    try:
        return engines.find()
    except KaizenError as error:
        pytest.skip(str(error))


@pytest.fixture
def built(engine: engines.Engine, packaged: Packaged, tmp_path: Path) -> Iterator[str]:
    home, release, _ = packaged
    tag = f"kaizen-test/diabetes:{os.getpid()}"
    file = image.context(release, tmp_path / "context", home, BASE)
    engine.build(file, tag)
    yield tag
    subprocess.run([engine.name, "rmi", "--force", tag], capture_output=True, check=False)


@pytest.mark.slow
def test_the_image_answers_without_rights_on_a_root_that_cannot_be_written(
    engine: engines.Engine, built: str, packaged: Packaged
) -> None:
    if engine.name == "buildah":
        pytest.skip("buildah builds and does not run")
    home, _, golden = packaged

    def ask(*words: str) -> str:
        done = subprocess.run([engine.name, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    container = ask(
        *("run", "--detach", "--network", "host", "--read-only", "--tmpfs", "/tmp"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--env", "KAIZEN_ROUTER_ADDRESS=127.0.0.1", built),
    )
    try:
        url = f"http://127.0.0.1:{image.PORT}"
        wait_ready(url, 120.0)
        assert httpx.get(f"{url}/version", trust_env=False).json()["model_version"] == "7"
        smoke(url, golden, "7", of=home)
        assert ask("exec", container, "id", "-u") == str(image.USER)
        deadline = time.monotonic() + 60
        while (health := ask("inspect", "--format", "{{.State.Health.Status}}", container)) != (
            "healthy"
        ):
            assert time.monotonic() < deadline, health
            time.sleep(0.5)
    finally:
        ask("rm", "--force", container)
