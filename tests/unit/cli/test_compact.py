from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kaizen.cli.main import app
from kaizen.events.schema import SCHEMA


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of digits' events in a home of its own."""
    monkeypatch.setenv("KAIZEN_HOME", str(tmp_path))
    folder = tmp_path / "events" / "digits"
    folder.mkdir(parents=True)
    return folder


def event(schema: int) -> str:
    return json.dumps(
        {"schema": schema, "id": "a-0", "time": 1.0, "request": "a", "row": 0, "version": "1"}
    )


def test_what_was_done_is_said(folder: Path) -> None:
    (folder / "1-1.jsonl").write_text(event(SCHEMA) + "\n{torn")
    answer = CliRunner().invoke(app, ["compact", "digits", "--json"])
    assert answer.exit_code == 0, answer.output
    (said,) = json.loads(answer.stdout)["usecases"].values()
    assert said == {
        "files": 1, "events": 1, "doubles": 0, "torn": {"1-1.jsonl.torn": 1}, "refused": {},
        "removed": {},
    }  # fmt: skip
    again = CliRunner().invoke(app, ["compact", "digits"])
    assert again.stdout == "digits: 0 events of 0 files are Parquet now\n"


def test_a_refused_file_is_named_and_ends_with_1(folder: Path) -> None:
    (folder / "1-1.jsonl").write_text(event(SCHEMA + 1) + "\n")
    answer = CliRunner().invoke(app, ["compact"])
    assert answer.exit_code == 1
    assert "1-1.jsonl: left as it was: event 'a-0' has schema 2" in answer.stdout


def test_an_unknown_use_case_is_wrong_usage(folder: Path) -> None:
    answer = CliRunner().invoke(app, ["compact", "digit"])
    assert getattr(answer.exception, "exit_code", None) == 2
    assert "did you mean 'digits'?" in str(answer.exception)
