"""How often something is killed (FAULTS), and what each test counted, told at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from rolling import Place

from kaizen.core.paths import Home
from kaizen.rollout import deployments

HERE = Path(__file__).parent
FAULTS = int(os.environ.get("FAULTS", "20"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.timeout(900 + 10 * FAULTS))


@pytest.fixture
def faults() -> int:
    """Kills per test."""
    return FAULTS


@pytest.fixture
def counts(record_property) -> Callable[..., None]:
    """Say what was counted: ``counts(kills=20, answers=1000)``."""

    def say(**figures: int) -> None:
        for name, figure in figures.items():
            record_property(name.replace("_", " "), figure)

    return say


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A home of its own, of which no process is left."""
    there = Place(Home(tmp_path / "home"))
    yield there
    deployments.down(there.home)
    assert [
        process for process in there.running() if process.status() != psutil.STATUS_ZOMBIE
    ] == []
