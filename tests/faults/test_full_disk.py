"""A served model whose events are on a disk that is full, and has room again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from kaizen.cli.main import app
from kaizen.core.layout import LAYOUT, Version, write
from kaizen.core.paths import Home
from kaizen.events.compact import compact
from kaizen.events.read import read
from kaizen.rollout import deployments
from kaizen.rollout.deployments import Deployment
from tests.integration.linear import ROWS, linear_release


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home whose folder of events is a file system of 256 kB of its own."""
    there = Home(tmp_path / "home")
    write(there, Version(LAYOUT))
    there.events.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(there.events)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield there
    deployments.down(there)
    subprocess.run(["umount", str(there.events)], check=True)


@pytest.fixture
def live(home: Home, tmp_path: Path) -> Deployment:
    built, release, golden = linear_release(tmp_path)
    assert built == home
    return deployments.deploy(
        release, workers=1, golden=golden, home=home, on_promoted=lambda *_: None, report=print
    )


def test_a_full_disk_costs_events_and_no_answer(
    live: Deployment, home: Home, monkeypatch: pytest.MonkeyPatch, counts: Callable[..., None]
) -> None:
    monkeypatch.setenv("KAIZEN_HOME", str(home.root))
    folder = home.events / "diabetes"

    def ask(times: int) -> set[str]:
        """The ids of the answers to so many requests of two rows; each must be answered."""
        answered = set()
        for _ in range(times):
            answer = httpx.post(f"{live.url}/predict", json={"rows": ROWS[:2]})
            assert answer.status_code == 200, answer.text
            answered |= {each["id"] for each in answer.json()["predictions"]}
        return answered

    def kept() -> set[str]:
        return {event["id"] for event in read(folder)}

    def lost() -> int:
        found = CliRunner().invoke(app, ["events", "diabetes", "--json", "-n", "1"])
        return int(json.loads(found.stdout)["lost"])

    before = ask(5)
    assert (kept(), lost()) == (before, 0)

    filler = home.events / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"0" * 4096):
            pass
    during = ask(30)
    missing = during - kept()
    assert len(missing) >= 40, "the last page of the file takes a few"
    assert {name.rpartition("-")[0] for name in missing}.isdisjoint(
        name.rpartition("-")[0] for name in kept()
    ), "a request is written whole or not at all"
    assert lost() == len(missing)
    (service,) = deployments.status(home)
    assert (service.ready, service.events_lost) == (True, len(missing))
    said = CliRunner().invoke(app, ["status"])
    assert f"{len(missing)} events lost" in said.stdout

    filler.unlink()
    after = ask(5)
    assert kept() == before | (during - missing) | after
    assert lost() == len(missing)

    deployments.down(home)
    outcome = compact(folder)
    assert outcome.torn == {}
    assert kept() == before | (during - missing) | after
    counts(answers=len(before | during | after), events_lost=len(missing), answers_lost=0)
