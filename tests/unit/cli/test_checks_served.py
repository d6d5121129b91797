"""What ``kaizen doctor`` says of processes, releases and champions, for every way they differ."""

from __future__ import annotations

import pytest

from kaizen.cli import checks_served
from kaizen.registry.champions import Champion


def test_a_champion_deleted_behind_kaizens_back_is_named() -> None:
    known = {
        "digits": Champion(version=None, promoted="3"),
        "diabetes": Champion(version="2", promoted="2"),
        "fresh": Champion(version=None, promoted=None),
    }
    found = {check.name: check for check in checks_served.champions(known)}
    assert found["champion digits"].state == "failed"
    assert "v3 was champion" in found["champion digits"].found
    assert "kaizen deploy digits" in found["champion digits"].advice
    assert (found["champion diabetes"].state, found["champion diabetes"].found) == ("ok", "v2")
    assert found["champion fresh"].state == "ok"
    assert [check.state for check in checks_served.champions({})] == ["ok"]


@pytest.mark.parametrize(
    ("supervisor", "running", "due", "state", "found"),
    [
        (None, [], ["router"], "ok", "none runs"),
        (7, ["supervisor", "router"], ["router"], "ok", "supervisor, router"),
        (7, ["supervisor"], [], "ok", "supervisor, nothing else"),
        (None, ["router", "a-v1-1", "a-v1-1"], ["router"], "failed", "keeps a-v1-1, router alive"),
        (7, ["supervisor", "a-v1-1"], ["a-v2-2"], "watch", "nothing asks for a-v1-1"),
    ],
)
def test_processes(supervisor, running, due, state: str, found: str) -> None:
    check = checks_served.supervised(supervisor, running, due)
    assert check.state == state
    assert found in check.found
    assert (check.advice != "") == (state != "ok")


@pytest.mark.parametrize(
    ("refused", "answers", "champion", "state", "found"),
    [
        (None, "2", "2", "ok", "v2 answers, the champion"),
        (None, "2", None, "ok", "v2 answers, its champion is not known"),
        ("still loading", None, "2", "failed", "v2 does not answer: still loading"),
        (None, "1", "2", "failed", "v2 is due and v1 answers"),
        (None, "2", "1", "failed", "v2 answers and v1 is champion"),
    ],
)
def test_a_release(refused, answers, champion, state: str, found: str) -> None:
    check = checks_served.release("digits", "2", refused, answers, champion)
    assert (check.name, check.state, check.found) == ("served digits", state, found)
    assert ("kaizen up" in check.advice) == (state == "failed")
