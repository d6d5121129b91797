"""``kaizen simulate`` before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kaizen.cli.main import app
from kaizen.cli.simulate import _range
from kaizen.core.errors import UsageError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KAIZEN_HOME", str(tmp_path))
    return tmp_path


def ask(*words: str) -> str:
    return CliRunner().invoke(app, ["simulate", *words], catch_exceptions=False).output


def test_the_scenarios_are_listed_for_people_and_programs(place: Path) -> None:
    assert "japanese" in ask("digits", "--list")
    found = json.loads(ask("digits", "--list", "--json").splitlines()[-1])
    assert found["usecase"] == "digits"
    assert found["scenarios"]["external"]["sources"]["devanagari"]["law"]["KIND"] == "ramp"
    assert not (place / "simulations").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("digit",), "did you mean 'digits'?"),
        (("digits", "--scenario", "seasnal"), "did you mean 'seasonal'?"),
        (("digits", "--ticks", "9"), "--ticks '9': expected A:B with 0 <= A < B <= 80"),
        (("digits", "--ticks", "a:b"), "expected A:B"),
        (("digits",), "digits is not served: `kaizen run digits` first"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_sent(
    words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ask(*words)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, range(50)), ("3:7", range(3, 7)), (":7", range(7)), ("40:", range(40, 50))],
)
def test_ticks_are_from_the_first_to_before_the_last(text: str | None, found: range) -> None:
    assert _range(text, 50) == found
