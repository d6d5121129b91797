"""``make setup``: what it refuses, what it trusts, and that it leaves nothing half-made."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from repository import PROJECT_ROOT

BASE = Path(sys.base_prefix) / "bin" / "python3.11"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The parts of the project that set-up reads, in a folder with a space in its name."""
    root = tmp_path / "a project"
    shutil.copytree(PROJECT_ROOT / "scripts", root / "scripts")
    for name in ("Makefile", "pyproject.toml", "requirements.txt"):
        shutil.copy(PROJECT_ROOT / name, root)
    return root


@pytest.fixture
def install(project: Path) -> ModuleType:
    """scripts/install.py of ``project``, with an environment that looks finished."""
    path = project / "scripts" / "install.py"
    spec = importlib.util.spec_from_file_location("install", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    finish(module)
    return module


def finish(module: ModuleType) -> None:
    module.PYTHON.parent.mkdir(parents=True)
    module.PYTHON.symlink_to(BASE)
    (module.VENV / "pyvenv.cfg").write_text("version = 3.11.2\n")
    module.write_stamp(module.wanted())


def python(folder: Path, name: str, body: str) -> None:
    """A program ``name`` in ``folder`` that stands in for a Python."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def setup(project: Path, path: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "scripts/setup.sh"],
        cwd=project,
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def tools(folder: Path) -> str:
    """A PATH with what the script needs and no Python."""
    folder.mkdir()
    for name in ("dirname", "cat", "sh"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return str(folder)


def test_without_python_it_says_what_to_install(project: Path, tmp_path: Path) -> None:
    done = setup(project, tools(tmp_path / "bin"))
    assert done.returncode == 1
    assert "none was found" in done.stderr
    assert "apt-get install python3.11 python3.11-venv" in done.stderr


def test_another_python_is_named(project: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin")
    python(Path(path), "python3", "echo 3.12.1")
    done = setup(project, path)
    assert done.returncode == 1
    assert "python3 is 3.12.1" in done.stderr
    assert not (project / ".venv").exists()


def test_a_python_may_be_named_by_the_user(project: Path, tmp_path: Path, install: ModuleType):
    done = setup(project, tools(tmp_path / "bin"), PYTHON=str(BASE))
    assert (done.returncode, done.stdout) == (0, "set-up: nothing to do\n")


def test_debian_without_its_venv_package(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There the module ``venv`` exists and leaves half a .venv behind, for want of ensurepip."""
    shutil.rmtree(install.VENV)
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ensurepip" else found(name)
    )
    assert install.main() == 1
    assert "apt-get install python3.11-venv" in capsys.readouterr().err
    assert not install.VENV.exists()


def test_nothing_is_done_twice(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("something was started"))
    assert install.main() == 0
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        lambda module: module.LOCK.write_text("six==1.17.0 \\\n    --hash=sha256:0\n"),
        lambda module: (module.ROOT / "pyproject.toml").write_text(
            (module.ROOT / "pyproject.toml").read_text().replace('where = ["src"]', 'where = ["."]')
        ),
    ],
    ids=["lock", "packages"],
)
def test_a_change_is_seen(install: ModuleType, change) -> None:
    change(install)
    assert install.stamp() != install.wanted()
    assert install.stamp()["path"] == install.wanted()["path"], "it is brought up to date in place"


def test_a_setting_of_a_tool_is_no_change(install: ModuleType) -> None:
    path = install.ROOT / "pyproject.toml"
    path.write_text(path.read_text().replace("line-length = 100", "line-length = 99"))
    assert install.stamp() == install.wanted()


def test_a_copied_environment_is_made_anew(install: ModuleType, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(install.ROOT, copy, symlinks=True)
    install.ROOT, install.VENV = copy, copy / ".venv"
    install.STAMP, install.PYTHON = copy / ".venv/kaizen.json", copy / ".venv/bin/python"
    assert install.stamp().get("path") != install.wanted()["path"]


@pytest.mark.parametrize("part", ["kaizen.json", "pyvenv.cfg", "bin/python"])
def test_a_half_made_environment_is_made_anew(install: ModuleType, part: str) -> None:
    (install.VENV / part).unlink()
    assert install.stamp() == {}


def test_a_failure_leaves_no_stamp(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install.LOCK.write_text(install.LOCK.read_text() + "\n# changed\n")
    failed = subprocess.CompletedProcess([], 2)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    assert install.main() == 1
    assert "network" in capsys.readouterr().err
    assert install.stamp() == {}


@pytest.mark.timeout(60)
def test_a_second_set_up_waits_for_the_first(install: ModuleType) -> None:
    lock = os.open(install.ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    second = subprocess.Popen(
        [BASE, "-I", install.ROOT / "scripts" / "install.py"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert second.stdout is not None
        assert "waiting" in second.stdout.readline()
        assert second.poll() is None
        os.close(lock)
        assert second.communicate(timeout=20)[0] == "set-up: nothing to do\n"
    finally:
        second.kill()
        second.wait()
