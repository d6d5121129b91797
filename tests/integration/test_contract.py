"""What programs rely on: the ``--json`` answer and the exit code of every command.

One process on one empty state folder types the commands of ``CASES`` in their order, on diabetes;
what each answered is held against ``contract/NAME.json``. Ids, times, places, ports and digests of
code are replaced by their kind; figures (six digits), decisions, reasons, digests of data and names
stay. A difference names the command, the field, what was due and what was found.

To renew on purpose: ``RENEW=1 .venv/bin/python -m pytest tests/integration/test_contract.py``,
then read the difference in git. A new command gets a case here; a test looks.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from frozen import held, renewing
from normalised import normalised
from project import copied, run
from repository import PROJECT_ROOT

from tests.integration.linear import ROWS

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(900)]

CONTRACT = Path(__file__).with_name("contract")
SIZE = 0.1
"""How far the size of a Bento may be from what it was, relative."""

CASES = {
    # before there is anything
    "status_empty": "status",
    "doctor": "doctor",
    "stack_list": "stack list",
    "up_empty": "up",
    "down_empty": "down",
    "events_empty": "events diabetes",
    "wrong_usecase": "run diabtes",
    "wrong_setting": "train diabetes --set params.alfa=1",
    "wrong_value": "train diabetes --set params.alpha=-1",
    "wrong_option": "run diabetes --presett fast",
    "wrong_command": "rnu",
    "deploy_nothing": "deploy diabetes",
    "simulate_unserved": "simulate diabetes",
    "ui_unknown": "ui airflow",
    "new_known": "new diabetes",
    "init": "init {folder}/theirs",
    "init_again": "init {folder}/theirs",
    "init_update_unknown": "init --update {folder}/theirs --accept steps/laod.py",
    # the loop
    "run_first": "run diabetes --set params.alpha=1.0",
    "train_refused": "train diabetes --set params.alpha=5.0 --require-promotion",
    "plan": "run diabetes --plan",
    "run_better": "run diabetes",
    "sweep": "sweep diabetes alpha=0.4,1",
    "sweep_nothing": "sweep diabetes",
    "resume_complete": "resume diabetes",
    "resume_unknown": "resume diabtes",
    "why": "why diabetes@champion",
    "why_unknown": "why diabetes@9",
    "status": "status",
    # asked, watched, explained
    "score": "score diabetes {folder}/rows.jsonl --out {folder}/answers.jsonl",
    "score_no_file": "score diabetes {folder}/absent.csv",
    "verify": "verify diabetes --inputs {folder}/rows.jsonl --truth {folder}/answers.jsonl",
    "verify_wrong": "verify diabetes --inputs {folder}/rows.jsonl --truth {folder}/truth.jsonl",
    "simulate_list": "simulate diabetes --list",
    "simulate": "simulate diabetes --ticks 0:4 --labels-after 0",
    "events": "events diabetes -n 2",
    "label": "label diabetes {event} 151",
    "label_file": "label diabetes --file {folder}/labels.csv",
    "label_nothing": "label diabetes",
    # Without grace a window of 88 rows is closed at once, however soon after it this is typed.
    "monitor": "monitor diabetes --set monitoring.grace_s=0",
    "monitor_history": "monitor diabetes --history 5",
    "monitor_repeat": "monitor diabetes --repeat {window}",
    "alerts": "alerts diabetes --all",
    "alerts_ack": "alerts ack {alert} --by ines --why holiday",
    "alerts_ack_unknown": "alerts ack 000 --by ines --why holiday",
    "alerts_test": "alerts test diabetes",
    "alerts_digest": "alerts digest diabetes",
    "report": "report diabetes",
    "report_unknown": "report diabetes 9-000009",
    "gallery": "gallery diabetes --last 4",
    "replay": "replay diabetes --against champion --last 5",
    "replay_differs": "replay diabetes --against 1 --last 3",
    "compact": "compact diabetes",
    # served otherwise
    "traffic": "traffic diabetes",
    "traffic_split": "traffic diabetes 1=75 3=25",
    "traffic_wrong": "traffic diabetes 1=60 3=60",
    "promote": "promote diabetes 3",
    "promote_refused": "promote diabetes 2",
    "rollback": "rollback diabetes",
    "rollback_nothing": "rollback diabetes",
    "deploy": "deploy diabetes --version 3",
    "image_no_tag": "image diabetes --push",
    "image_unknown": "image diabetes 9 --context-only {folder}/image",
    # kept in order
    "keys_create": "keys create shop",
    "keys_again": "keys create shop",
    "keys_list": "keys list",
    "keys_revoke": "keys revoke shop",
    "logs": "logs",
    "log": "logs supervisor -n 1",
    "logs_unknown": "logs nothing",
    "gc": "gc --older-than 0",
    "doctor_serving": "doctor",
    "down": "down",
    "up": "up",
}
"""Name to words; in braces what an earlier answer or the test's folder gives."""
OVER_HTTP = {"http_version": "/version", "http_openapi": "/openapi.json"}
"""What the live service says of itself."""


class Typist:
    """Types commands into one process, which loads every library once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        mine, theirs = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.commands", str(theirs)],
            cwd=PROJECT_ROOT, env=environment, pass_fds=[theirs], stdin=subprocess.PIPE, text=True,
        )  # fmt: skip
        os.close(theirs)
        self._answers = os.fdopen(mine, encoding="utf-8")

    def type(self, words: list[str]) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer = self._answers.readline()
        assert answer, f"the process ended at `kaizen {shlex.join(words)}`"
        found: dict[str, Any] = json.loads(answer)
        last = (found["out"].splitlines() or ["null"])[-1]
        return {"exit": found["code"], "json": json.loads(last)}

    def close(self) -> None:
        self.type(["down", "--json"])
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)
        self._answers.close()


@pytest.fixture(scope="module")
def answers(machine_in, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What each case got, by its name; and under ``bento`` how large the champion's is."""
    folder = tmp_path_factory.mktemp("contract")
    place = machine_in(folder / "machine")
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS[:4])))
    (folder / "truth.jsonl").write_text('{"progression": 1.0}\n' * 4)
    (folder / "labels.csv").write_text(f"event,label\n{'0' * 32}-0,140\nno id,1\n")
    places = {
        str(place.home.root): "<home>",
        str(folder): "<folder>",
        str(PROJECT_ROOT): "<project>",
    }
    known = {"folder": str(folder)}
    found: dict[str, Any] = {}
    typist = Typist(place.variables())
    try:
        for name, text in CASES.items():
            words = [word.format(**known) for word in shlex.split(text)]
            answer = typist.type([*words, "--json"])
            known |= _learnt(name, answer["json"])
            if name == "why":
                places[answer["json"]["model_sha256"]] = "<model>"
            found[name] = {"words": f"kaizen {text} --json", **normalised(answer, places)}
            if name == "status":
                url = answer["json"]["services"][0]["url"]
                for other, path in OVER_HTTP.items():
                    said = httpx.get(f"{url}{path}", timeout=30)
                    body = normalised(said.json(), places)
                    found[other] = {"words": f"GET {path}", "exit": said.status_code, "json": body}
        found["bento"] = _size(max((place.home.bentoml / "bentos" / "diabetes").glob("3-*")))
        yield found
    finally:
        typist.close()


def _learnt(name: str, answer: Any) -> dict[str, str]:
    """What later words need of this answer."""
    if name == "events":
        return {"event": answer["events"][0]["id"]}
    if name == "alerts":
        return {"alert": answer["alerts"][0]["id"]}
    if name == "monitor":
        return {"window": answer["windows"][0]["window"]["name"]}
    return {}


def _size(bento: Path) -> dict[str, int]:
    files = [each for each in bento.rglob("*") if each.is_file() and each.suffix != ".pyc"]
    return {"files": len(files), "bytes": sum(each.stat().st_size for each in files)}


@pytest.mark.parametrize("name", [*CASES, *OVER_HTTP])
def test_the_answer_is_what_it_was(name: str, answers: dict[str, Any]) -> None:
    held(CONTRACT / f"{name}.json", answers[name])


def test_a_bento_is_as_large_as_it_was(answers: dict[str, Any]) -> None:
    path = CONTRACT / "bento.json"
    if renewing():
        path.write_text(json.dumps(answers["bento"], indent=1) + "\n")
    due = json.loads(path.read_text())
    assert answers["bento"] == {name: pytest.approx(size, rel=SIZE) for name, size in due.items()}


def test_a_new_use_case_is_written(newcomer, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = copied(tmp_path_factory.mktemp("project"))
    made = run(root, newcomer.variables(), "kaizen.cli.main", "new", "rows", "--json")
    answer = {"exit": made.returncode, "json": json.loads(made.stdout.splitlines()[-1])}
    held(CONTRACT / "new.json", normalised(answer, {str(root): "<project>"}))


def test_every_command_and_every_file_has_its_case() -> None:
    from typer.main import get_command

    from kaizen.cli.main import app

    top: Any = get_command(app)
    commands = {
        f"{name} {below}".strip()
        for name, command in top.commands.items()
        for below in getattr(command, "commands", {"": None})
    }
    words = [*CASES.values(), "new rows", "alerts list diabetes"]
    typed = {name for name in commands for text in words if f"{text} ".startswith(f"{name} ")}
    assert sorted(commands - typed) == []
    files = {path.stem for path in CONTRACT.glob("*.json")}
    assert files == {*CASES, *OVER_HTTP, "bento", "new"}
