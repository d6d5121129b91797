"""The command line as a user types it: wrong words, help, and quick answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.integration

WRONG = {
    "use case": (["run", "digit"], "unknown use case 'digit': did you mean 'digits'?"),
    "preset": (["run", "digits", "--preset", "fsat"], "did you mean 'fast'?"),
    "key": (["run", "digits", "--set", "params.epoch=1"], "did you mean 'params.epochs'?"),
    "value": (["train", "diabetes", "--set", "params.alpha=-1"], "params.alpha is -1"),
    "stack": (["run", "digits", "--stack", "locl"], "did you mean 'local'?"),
    "file": (["train", "digits", "--config", "absent.yaml"], "cannot read configuration"),
    "deployment": (["deploy", "dgits"], "did you mean 'digits'?"),
    "events": (["events", "diabtes"], "did you mean 'diabetes'?"),
    "command": (["rnu"], "No such command"),
    "option": (["run", "digits", "--presett", "fast"], "No such option"),
    "candidates": (["sweep", "diabetes"], "name values, as in `kaizen sweep diabetes NAME=1,2,3`"),
    "candidate": (["sweep", "diabetes", "alpha=1,-1"], "params.alpha is -1"),
    "new name": (["new", "digits"], "there is a use case 'digits' already"),
    "interface": (["ui", "airflow"], "airflow"),
}


@pytest.fixture(scope="module")
def said(newcomer) -> dict[str, object]:
    """What each wrong word got; they are typed side by side."""
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda words: newcomer.kaizen(*words), [w for w, _ in WRONG.values()])
    return dict(zip(WRONG, answers, strict=True))


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_one_clear_line_and_exit_2(case: str, said, newcomer) -> None:
    answer, message = said[case], WRONG[case][1]
    assert answer.code == 2
    assert message in " ".join(answer.err.split())
    assert "Traceback" not in answer.err
    assert not newcomer.home.logs.exists()


def test_an_error_is_json_too_when_json_was_asked_for(newcomer) -> None:
    answer = newcomer.kaizen("run", "digit", "--json")
    assert answer.code == 2
    assert "did you mean 'digits'" in answer.json["error"]


def test_help_has_an_example_and_json(newcomer) -> None:
    """Of every command in tests/unit/project/test_reference.py."""
    answer = newcomer.kaizen("stack", "list", "--help")
    assert answer.code == 0
    assert "Example:" in answer.out
    assert "--json" in answer.out


def test_before_the_first_run_every_question_has_an_answer(newcomer) -> None:
    status = newcomer.kaizen("status").out
    assert "`kaizen run NAME` trains and serves a first model (churn, customers, dia" in status
    assert newcomer.kaizen("events", "digits", "--json").json == {
        "usecase": "digits", "count": 0, "lost": 0, "events": [],
    }  # fmt: skip
    assert newcomer.kaizen("stack", "list", "--json").json["stacks"][0]["name"] == "local"
    assert newcomer.kaizen("down", "--json").json == {"ended": 0}
    assert newcomer.kaizen("up", "--json").json == {"deployments": []}
    why = newcomer.kaizen("why", "digits@champion")
    assert why.code == 2
    assert "Traceback" not in why.err
