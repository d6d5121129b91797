"""Fixtures for every test: a state folder of its own, set before any library is imported."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

_ROOT = tempfile.TemporaryDirectory(prefix="kaizen-tests-", ignore_cleanup_errors=True)
os.environ["KAIZEN_HOME"] = str(Path(_ROOT.name, "home"))
os.environ.pop("MLFLOW_TRACKING_URI", None)
# A shell that starts the tests in the background has Ctrl-C ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

from kaizen.core import environment, layout  # noqa: E402 - the home is chosen first
from kaizen.core.paths import Home  # noqa: E402

STATE = environment.apply()
layout.open_home(STATE, make=True, report=print)

import pytest  # noqa: E402


def pytest_terminal_summary(terminalreporter) -> None:  # type: ignore[no-untyped-def]
    """What fault tests counted, also when they ran in other processes."""
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
    counted = [each for each in reports if each.when == "call" and each.user_properties]
    if counted:
        terminalreporter.section("faults")
    for each in counted:
        words = ", ".join(f"{value} {name}" for name, value in each.user_properties)
        terminalreporter.write_line(f"{each.nodeid.rpartition('::')[2]}: {words}")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Two processes share the tests a file each, and ``main_job/`` is as one: one run for all."""
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "main_job" if "/main_job/" in file else file

    return Files(config, log)


@pytest.fixture(autouse=True)
def _environment_stays() -> Iterator[None]:
    """A command that a test runs in this process sets the variables of its own home for good."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def home() -> Home:
    """The state folder that this test process shares. Libraries read it once, at import."""
    return STATE


@pytest.fixture
def other_home(tmp_path: Path) -> Home:
    """A state folder for what takes its home as an argument."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def zenml(home: Home) -> Iterator[None]:
    """ZenML with the local stack active in this process."""
    from kaizen.orchestration.start import activate

    activate("local")
    yield
    os.environ.pop("ZENML_ACTIVE_STACK_ID", None)
