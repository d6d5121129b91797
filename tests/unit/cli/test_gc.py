"""``kaizen gc`` on built homes: a look changes nothing, a removal takes what the look named."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kaizen.cleanup import collect, run_logs
from kaizen.cli import gc
from kaizen.cli.main import app
from kaizen.cli.terminal import watching
from kaizen.core import locks
from kaizen.core.errors import KaizenError
from kaizen.core.layout import LAYOUT, Version, write
from kaizen.core.paths import Home

DAY = 86_400.0


@pytest.fixture
def state(other_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("KAIZEN_HOME", str(other_home.root))
    write(other_home, Version(LAYOUT))
    return other_home


def age(path: Path, days: float) -> None:
    at = time.time() - days * DAY
    for each in [*path.rglob("*"), path]:
        os.utime(each, (at, at))


def build(state: Home, days: float) -> Path:
    made = state.bentoml / "build-abcd1234"
    made.mkdir(parents=True)
    (made / "file").write_bytes(b"x" * 2500)
    age(made, days)
    return made


def logs(state: Home, count: int, days: float) -> list[Path]:
    """Oldest first."""
    state.logs.mkdir(parents=True, exist_ok=True)
    made = [state.logs / f"run-digits-20260101-{number:06}.log" for number in range(count)]
    for path in made:
        path.write_text("line\n")
        age(path, days)
    return made


def ask(*words: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["gc", *words])
    return answer.exit_code, answer.output


def test_a_look_names_and_a_removal_removes(state: Home) -> None:
    made = build(state, days=8)
    code, text = ask()
    assert code == 0
    assert "half-written: 1, 2.5 kB; a write that was interrupted left it" in text
    assert "bentoml/build-abcd1234" in text
    assert text.splitlines()[-1] == "1 to remove, 2.5 kB: `kaizen gc --delete` removes them"
    assert made.exists()
    assert not state.trash.exists()
    assert "removed 1, 2.5 kB" in ask("--delete")[1]
    assert not made.exists()
    assert "nothing to remove" in ask("--delete")[1]


def test_json_is_one_object(state: Home) -> None:
    build(state, days=8)
    for words, deleted in ((["--json"], False), (["--json", "--delete"], True)):
        answer = json.loads(ask(*words)[1])
        assert answer["deleted"] is deleted
        assert answer["bytes"] == 2500
        assert all(set(each) == {"kind", "count", "bytes", "why"} for each in answer["kinds"])
        counts = {each["kind"]: each["count"] for each in answer["kinds"]}
        assert counts == {"trash": 0, "artifacts": 0, "half-written": 1, "bentos": 0, "logs": 0}


def test_what_is_young_is_kept_and_the_age_is_ones_own(state: Home) -> None:
    made = build(state, days=2)
    assert "nothing to remove that is older than 7 days" in ask("--delete")[1]
    assert "`kaizen gc --delete --older-than 1` removes" in ask("--older-than", "1")[1]
    ask("--delete", "--older-than", "0")
    assert not made.exists()
    assert ask("--older-than", "-1")[0] == 2


def test_what_began_after_a_run_that_goes_on_is_kept(state: Home) -> None:
    made = build(state, days=2)
    state.runs.mkdir()
    lock = state.runs / "one.lock"
    lock.touch()
    age(lock, days=3)
    with locks.held(lock):
        ask("--delete", "--older-than", "0")
        assert made.exists()
    ask("--delete", "--older-than", "0")
    assert not made.exists()


def test_one_removal_at_a_time(state: Home) -> None:
    made = build(state, days=8)
    with locks.held(state.trash / "lock"), pytest.raises(KaizenError, match="another removal"):
        collect.remove(state, 7)
    assert made.exists()


def test_a_removal_that_was_killed_is_finished_by_the_next(
    state: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kaizen.core import trash

    made = build(state, days=8)

    def killed(_: Home) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trash, "empty", killed)
        with pytest.raises(KeyboardInterrupt):
            collect.remove(state, 7)
    assert not made.exists()
    (found,) = [kind for kind in collect.look(state, 7) if kind.kind == "trash"]
    assert (len(found.paths), found.bytes) == (1, 2500)
    collect.remove(state, 7)
    assert trash.leavings(state) == []


def test_a_damaged_record_stops_before_anything_is_removed(state: Home) -> None:
    made = build(state, days=8)
    database = state.zenml / "stores" / "default_zen_store" / "zenml.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"damaged " * 500)
    with pytest.raises(KaizenError, match=r"ZenML store cannot be read.*kaizen doctor"):
        collect.remove(state, 7)
    assert made.exists()


def test_where_there_is_no_home_none_is_made(
    other_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIZEN_HOME", str(other_home.root))
    assert ask("--delete")[0] == 0
    assert not other_home.root.exists()


def test_the_newest_run_logs_stay_and_so_does_what_services_write(state: Home) -> None:
    made = logs(state, 23, days=30)
    for name in ("supervisor.log", "router.log", "digits-v1.log", "errors.log", "x.log.1"):
        (state.logs / name).touch()
        age(state.logs / name, 30)
    found = run_logs.find(state, time.time() - 7 * DAY)
    assert list(found.paths) == made[:3]
    assert run_logs.find(state, time.time() - 31 * DAY).paths == ()


def test_the_log_of_a_run_that_goes_on_is_left_alone(state: Home) -> None:
    made = logs(state, 22, days=30)
    with watching(made[0]):
        assert run_logs.find(state, time.time() + 1).paths == (made[1],)
    assert run_logs.find(state, time.time() + 1).paths == tuple(made[:2])


def test_sizes_for_people() -> None:
    told = [gc.in_bytes(count) for count in (0, 999, 4000, 1_234_500_000)]
    assert told == ["0 bytes", "999 bytes", "4.0 kB", "1,234.5 MB"]
