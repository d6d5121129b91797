from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from logged import Worker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "diabetes"


@pytest.fixture
def workers(folder: Path) -> Iterator[list[Worker]]:
    """Two of them."""
    made = [Worker(folder), Worker(folder)]
    yield made
    for worker in made:
        worker.spool.close()
