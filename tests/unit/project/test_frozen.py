"""What compares a contract can fail, and sees past what differs from run to run alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from frozen import differences, held
from normalised import normalised

ANSWER = {
    "run_id": "79422b89-422b-4128-a94f-38fb35694d7e",
    "bento": "diabetes:2-1a045371b775",
    "seconds": 27.89,
    "since": "2026-11-30T21:16:17.887+00:00",
    "url": "http://127.0.0.1:8080/diabetes",
    "file": "/x/state of kaizen/logs/run-diabetes-20261130-211831.log",
    "digest": "a9" * 32,
    "metrics": {"mse": 3295.714938},
    "decision": "promoted",
}


def test_only_what_differs_from_run_to_run_is_replaced() -> None:
    assert normalised(ANSWER, {"/x/state of kaizen": "<home>"}) == {
        **ANSWER,
        "run_id": "<uuid>",
        "bento": "diabetes:2-<id>",
        "seconds": "<number>",
        "since": "<time>",
        "url": "http://127.0.0.1:<port>/diabetes",
        "file": "<home>/logs/run-diabetes-<time>.log",
    }


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"a": 1.0000001, "b": [1, None]}, []),
        ({"a": 1.00001, "b": [1, None]}, ["a: 1.0 → 1.00001"]),
        ({"a": 1.0, "b": [1]}, ["b[1]: null → (nothing)"]),
        ({"a": 1.0, "b": [True, None]}, ["b[0]: 1 → true"]),
        ({"a": 1.0, "b": [1, None], "c": "x"}, ['c: (nothing) → "x"']),
        ({"a": None, "b": [1, None]}, ["a: 1.0 → null"]),
    ],
)
def test_each_difference_is_named(found: object, said: list[str]) -> None:
    assert list(differences({"a": 1.0, "b": [1, None]}, found, 1e-6)) == said


def test_a_file_is_written_when_asked_for_and_held_to_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "golden.json"
    monkeypatch.delenv("RENEW", raising=False)
    with pytest.raises(AssertionError, match=r"golden\.json is not there yet: RENEW=1 writes it"):
        held(path, {"a": 1})
    monkeypatch.setenv("RENEW", "1")
    held(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    monkeypatch.delenv("RENEW")
    held(path, {"a": 1})
    with pytest.raises(AssertionError, match="a: 1 → 2"):
        held(path, {"a": 2})
