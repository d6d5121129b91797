"""A training where other people's libraries are as they are: slower, and the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import Machine

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_a_training_without_our_changes_finds_the_same(
    machine_in: Callable[[Path], Machine], tmp_path: Path
) -> None:
    newcomer = machine_in(tmp_path)
    newcomer.environment["KAIZEN_PLAIN"] = "1"
    answer = newcomer.kaizen("train", "diabetes", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["metrics"]["mse"] == pytest.approx(3295.714938563237)
    assert answer.json["decision"] == "promoted"
