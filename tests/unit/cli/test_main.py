"""However a command ends: one line, the right exit code, and JSON where it was asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from kaizen.cli import main as entry
from kaizen.core.errors import KaizenError, UsageError

Say = Callable[..., tuple[int | None, str, str]]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Type ``kaizen WORDS``: exit code, output and errors."""

    def run(*words: str) -> tuple[int | None, str, str]:
        monkeypatch.setattr(sys, "argv", ["kaizen", *words])
        with pytest.raises(SystemExit) as end:
            entry.main()
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return run


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Exception], None]:
    """Make ``kaizen up`` end with an error, in a home of its own."""
    monkeypatch.setenv("KAIZEN_HOME", str(tmp_path / "home"))

    def make(error: Exception) -> None:
        from kaizen.rollout import deployments

        def up(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(deployments, "up", up)

    return make


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], "No such command 'rnu'. Did you mean 'run'? (see `kaizen --help`)"),
        (["run"], "Missing argument 'usecase'. (see `kaizen run --help`)"),
        (
            ["ui"],
            "Missing argument 'interface'. Choose from: zenml, mlflow, evidently (see `",
        ),
        (
            ["ui", "x"],
            "Invalid value for 'interface': 'x' is not one of 'zenml', 'mlflow', 'evi",
        ),
        (
            ["stack", "lst"],
            "No such command 'lst'. Did you mean 'list'? (see `kaizen stack --help`)",
        ),
        (["status", "--jsn"], "No such option: --jsn (Possible options: --json)"),
        (["events", "digits", "-n", "-3"], "Invalid value for '--limit' / '-n'"),
        (["run", "digits", "diabetes"], "Got unexpected extra argument(s) (diabetes)"),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_2(say: Say, words: list[str], message: str) -> None:
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"kaizen: {message}")
    assert err.count("\n") == 1


def test_a_wrong_word_is_json_too_when_json_was_asked_for(say: Say) -> None:
    code, out, _ = say("run", "--json")
    assert code == 2
    assert "Missing argument" in json.loads(out)["error"]


def test_without_words_there_is_help_and_nothing_else(say: Say) -> None:
    for words in ([], ["stack"]):
        code, out, err = say(*words)
        assert (code, err) == (2, "")
        assert "Usage: kaizen" in out


def test_what_finishes_is_0_and_what_says_1_is_1(say: Say, fails) -> None:
    assert say("--version")[0] in (0, None)
    assert say("stack", "list", "--json")[0] in (0, None)
    fails(typer.Exit(1))
    assert say("up") == (1, "", "")


@pytest.mark.parametrize(("error", "code"), [(KaizenError("no"), 1), (UsageError("no"), 2)])
def test_errors_a_user_can_mend(say: Say, fails, error: KaizenError, code: int) -> None:
    fails(error)
    assert say("up") == (code, "", "kaizen: no\n")


def test_an_error_nobody_thought_of_is_one_line_and_its_traceback_is_kept(
    say: Say, fails, tmp_path: Path
) -> None:
    fails(RuntimeError("two\nlines"))
    log = tmp_path / "home" / "logs" / "errors.log"
    code, _, err = say("up")
    assert code == 1
    assert err.startswith("kaizen: RuntimeError: two lines; `kaizen doctor`")
    assert err.endswith(f"(log: {log})\n")
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_home_that_is_a_file_is_named(say: Say, fails, tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    fails(AssertionError("the command is not reached"))
    code, _, err = say("up")
    assert code == 1
    assert err.startswith(
        f"kaizen: {tmp_path / 'home' / 'version.json'}: Not a directory; `kaizen do"
    )
    assert "log:" not in err
