"""``kaizen traffic``, ``promote`` and ``rollback`` as a user types them, on real Bentos."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from kaizen.rollout.state import State
from tests.integration.linear import ROWS

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(newcomer) -> Iterator[object]:
    """v1 and v2 were promoted and served, v3 was refused."""
    try:
        for alpha, decision in ((1.0, "promoted"), (0.4, "promoted"), (5.0, "refused")):
            answer = newcomer.kaizen("run", "diabetes", "--set", f"params.alpha={alpha}", "--json")
            assert answer.code == 0, answer.err
            assert answer.json["decision"] == decision
        yield newcomer
    finally:
        newcomer.kaizen("down")


def standing(machine) -> tuple[str, str]:
    """The champion, and the version that answers."""
    status = machine.kaizen("status", "--json").json
    champion = next(each["version"] for each in status["models"] if "champion" in each["aliases"])
    url = status["services"][0]["url"]
    return champion, httpx.get(f"{url}/version", timeout=10).json()["model_version"]


def server(machine, version: str) -> int:
    services = machine.kaizen("status", "--json").json["services"]
    return next(each["pids"][0] for each in services if each["version"] == version)


def test_a_rollback_within_the_warm_time_is_immediate(served) -> None:
    assert standing(served) == ("2", "2")
    warm = server(served, "1")
    back = served.kaizen("rollback", "diabetes", "--json")
    assert back.code == 0, back.err
    assert (back.json["was"], back.json["version"]) == ("2", "1")
    assert server(served, "1") == warm, "it was not started anew"
    assert standing(served) == ("1", "1")
    again = served.kaizen("rollback", "diabetes")
    assert again.code == 1
    assert "v1 is the only release there was: nothing to roll back to" in again.err


def test_a_split_and_a_promotion(served) -> None:
    split = served.kaizen("traffic", "diabetes", "1=75", "2=25", "--json")
    assert split.code == 0, split.err
    assert split.json["weights"] == {"1": 75, "2": 25}
    assert served.kaizen("traffic", "diabetes", "--json").json["weights"] == {"1": 75, "2": 25}
    promoted = served.kaizen("promote", "diabetes", "2")
    assert promoted.code == 0, promoted.err
    assert standing(served) == ("2", "2")
    status = served.kaizen("status")
    assert "warm until" in status.out
    assert "wrong:" not in status.out


def test_what_the_gate_refused_is_served_by_force_only_and_that_is_written_down(served) -> None:
    refused = served.kaizen("promote", "diabetes", "3")
    assert refused.code == 1
    assert "diabetes v3 is not promoted" in refused.err
    assert "--force" in refused.err
    assert standing(served) == ("2", "2")
    forced = served.kaizen("promote", "diabetes", "3", "--force", "--json")
    assert forced.code == 0, forced.err
    assert forced.json["forced"] is True
    assert standing(served) == ("3", "3")
    with State(served.home) as state:
        (change,) = [each for each in state.history() if "forced" in each.why]
    assert change.what == "promote"
    assert "v3 forced past the gate" in change.why
    assert served.kaizen("rollback", "diabetes", "--json").json["version"] == "2"


def test_recent_requests_asked_again(served) -> None:
    live, _ = standing(served)
    other = {"1": "2", "2": "1"}[live]
    status = served.kaizen("status", "--json").json
    url = status["services"][0]["url"]
    with httpx.Client() as client:
        for row in ROWS:
            client.post(f"{url}/predict", json={"rows": [row]}).raise_for_status()
    for version, others in (("champion", 0), (other, len(ROWS)), ("3", len(ROWS))):
        answer = served.kaizen("replay", "diabetes", "--against", version, "--json")
        assert answer.code == (1 if others else 0), answer.err
        assert (answer.json["differing"], answer.json["refused"]) == (others, 0)
        assert answer.json["was"] == {live: len(ROWS)}
    said = served.kaizen(
        "replay", "diabetes", "--against", other, "--since", "1h", "--limit", "0.5"
    )
    assert said.code == 1
    assert said.err.splitlines() == [
        f"kaizen: diabetes v{other}: 20 of 20 answers differ (100.00%), at most 50.00% may"
    ]
    assert served.kaizen("replay", "diabetes", "--against", "3", "--tolerance", "999").code == 0
    listed = served.kaizen("events", "diabetes", "--json").json
    assert listed["count"] == len(ROWS), "what kaizen asked is no client's event"


def test_the_live_service_beside_the_truth(served, tmp_path) -> None:
    status = served.kaizen("status", "--json").json
    answers = httpx.post(f"{status['services'][0]['url']}/predict", json={"rows": ROWS}).json()
    truth = [{"progression": each["progression"]} for each in answers["predictions"]]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    words = ["verify", "diabetes", "--inputs", str(tmp_path / "rows.jsonl"), "--truth"]
    (tmp_path / "truth.jsonl").write_text("\n".join(map(json.dumps, truth)))
    right = served.kaizen(*words, str(tmp_path / "truth.jsonl"), "--json")
    assert right.code == 0, right.err
    assert (right.json["same"], right.json["differing"]) == (len(ROWS), 0)
    truth[3]["progression"] += 1.0
    (tmp_path / "other.jsonl").write_text("\n".join(map(json.dumps, truth)))
    wrong = served.kaizen(*words, str(tmp_path / "other.jsonl"), "--json")
    assert wrong.code == 1
    (difference,) = wrong.json["differences"]
    assert difference["id"] == "3"
    assert served.kaizen(*words, str(tmp_path / "other.jsonl"), "--tolerance", "2").code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["traffic", "diabetes", "1=60", "2=60"], 2, "the weights are 120 together"),
        (["traffic", "diabetes", "1"], 2, "'1': expected VERSION=WEIGHT"),
        (["traffic", "diabetes", "9=100"], 2, "unknown version or alias of diabetes '9'"),
        (["traffic", "digits"], 2, "unknown deployment 'digits'"),
        (["replay", "diabetes", "--against", "9"], 2, "unknown version or alias of diabetes '9'"),
        (["replay", "diabetes", "--against", "1", "--since", "1y"], 2, "--since '1y': expected"),
        (["rollback", "diabets"], 2, "did you mean 'diabetes'"),
        (["promote", "diabets", "1"], 2, "did you mean 'diabetes'"),
    ],
)
def test_a_wrong_word(served, words: list[str], code: int, message: str) -> None:
    answer = served.kaizen(*words)
    assert answer.code == code
    assert message in answer.err
    assert "Traceback" not in answer.err


def test_a_champion_deleted_behind_kaizens_back_is_named(served) -> None:
    import mlflow

    client = mlflow.MlflowClient(served.home.mlflow_uri, served.home.mlflow_uri)
    client.delete_model_version("diabetes", "2")
    (problem,) = served.kaizen("status", "--json").json["problems"]
    assert problem["what"] == "v2 was champion and was deleted from the registry"
    assert problem["mend"].startswith("kaizen promote diabetes")
    assert served.kaizen("promote", "diabetes", "1").code == 0
    assert served.kaizen("status", "--json").json["problems"] == []
