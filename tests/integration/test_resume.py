"""A run that was killed goes on from the step where it ended."""

from __future__ import annotations

import subprocess

import pytest
from rolling import eventually

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def killed(newcomer, kaizen_command) -> str:
    """Kill a run in the middle of its training; what it had said until then."""
    process = subprocess.Popen(
        [kaizen_command, "train", "digits", "--preset", "fast"],
        env=newcomer.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = ""
    assert process.stderr is not None
    for text in process.stderr:
        said += text
        if "epoch 1" in text:
            break
    process.kill()
    process.communicate()
    eventually(lambda: newcomer.processes() == [], 5.0)  # its children go with it
    return said


def test_resume_goes_on_from_the_killed_step(killed: str, newcomer) -> None:
    assert "✓ split" in killed
    assert "✓ train" not in killed
    resumed = newcomer.kaizen("resume", "digits", "--json")
    assert resumed.code == 0, resumed.err
    states = {line.split()[1]: line[0] for line in resumed.err.splitlines()}
    assert {states[step] for step in ("load", "validate", "split")} == {"="}
    assert states["train"] == states["register"] == "✓"
    assert resumed.json["decision"] == "promoted"
    assert resumed.json["url"] is None


def test_a_complete_run_has_nothing_to_resume(killed: str, newcomer) -> None:
    again = newcomer.kaizen("resume", "digits")
    assert again.code == 1
    assert "nothing to resume" in again.err


def test_a_run_that_goes_on_cannot_be_resumed(killed: str, newcomer, kaizen_command) -> None:
    process = subprocess.Popen(
        [kaizen_command, "train", "digits", "--preset", "fast", "--set", "seed=5"],
        env=newcomer.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        next(text for text in process.stderr if "epoch 1" in text)
        answer = newcomer.kaizen("resume", "digits")
        assert answer.code == 1
        assert "still going on" in answer.err
    finally:
        process.kill()
        process.communicate()
    another = newcomer.kaizen("train", "digits", "--preset", "fast", "--json")
    assert another.code == 0, "a killed run is in no other's way"
    assert another.json["decision"] == "promoted"


def test_an_unknown_run_is_named(newcomer) -> None:
    answer = newcomer.kaizen("resume", "digts")
    assert answer.code == 2
    assert "unknown run 'digts'" in answer.err
