"""Releases that cannot serve, again and again: the old one goes on, and nothing is left behind."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import rolling
from rolling import Load, Place, eventually, version_at

from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.results import Release
from kaizen.core.settings import RolloutRule, ServingRule
from kaizen.inference.golden import Golden
from kaizen.modeling.export import export
from kaizen.packaging import bento as packaging_bento
from kaizen.rollout import deployments
from kaizen.rollout.launcher import Launch
from usecases.diabetes.model import usecase

BROKEN = {
    "exits": "model.onnx is damaged",
    "wrong": "expected {'value': 1.5}, found {'value': 2.5}",
    "never-ready": "not ready within 1.5 s",
}


def test_broken_releases_never_get_a_request(
    place: Place, faults: int, counts: Callable[..., None]
) -> None:
    live = place.deploy("1")
    kinds = list(BROKEN)
    with Load(live.url, clients=1, pause_s=0.01) as load:
        for number in range(faults // 2):
            behaviour = kinds[number % len(kinds)]
            patience = 1.5 if behaviour == "never-ready" else 20.0
            with pytest.raises(KaizenError) as failure:
                place.deploy(str(number + 2), behaviour, patience_s=patience)
            assert BROKEN[behaviour] in str(failure.value)
            assert "v1 goes on serving" in str(failure.value)
    assert load.failures == []
    assert set(load.answers) == {"1"}
    eventually(lambda: len(place.running()) == 3)
    counts(broken_releases=faults // 2, requests=len(load.answers), failed=0)


def test_canaries_that_fail_are_seen_by_few(
    place: Place, faults: int, counts: Callable[..., None]
) -> None:
    live = place.deploy("1")
    staged = RolloutRule(stages=(10, 100), min_requests=500, max_seconds=60, keep_warm_s=0)
    rounds = max(2, faults // 10)
    with Load(live.url, clients=4) as load:
        eventually(lambda: len(load.answers) > 50)
        for number in range(rounds):
            with pytest.raises(KaizenError, match="requests failed"):
                place.deploy(str(number + 2), "fails", rule=staged)
    assert set(load.answers) == {"1"}
    assert all("500" in failure for failure in load.failures)
    assert len(load.failures) < 100 * rounds
    counts(canaries=rounds, requests=len(load.answers), failed_at_canaries=len(load.failures))


def test_a_port_that_is_taken_meanwhile(place: Place, counts: Callable[..., None]) -> None:
    live = place.deploy("1")
    with ExitStack() as thieves:

        def robbed(release: Release, port: int, workers: int, folder: Path, home: Home) -> Launch:
            thief = thieves.enter_context(socket.socket())
            thief.bind(("127.0.0.1", port))
            return rolling.launcher(release, port, workers, folder, home)

        for version in ("2", "3"):
            with pytest.raises(KaizenError, match=r"address already in use.*v1 goes on"):
                deployments.deploy(
                    rolling.named(version),
                    workers=1,
                    golden=rolling.GOLDEN,
                    home=place.home,
                    on_promoted=place.follow,
                    report=print,
                    launcher=robbed,
                )
    assert version_at(live.url) == "1"
    place.deploy("4")
    assert version_at(live.url) == "4"
    counts(ports_taken=2)


@pytest.fixture
def bento(home: Home) -> tuple[Release, Golden]:
    frame = usecase.load(usecase.Data())
    trained = usecase.train(usecase.Params(), frame, frame.iloc[:0], 0, lambda _: None)
    onnx, golden, _ = export(usecase, trained.model, frame)
    made = packaging_bento.build(
        usecase="diabetes", version="1", model=onnx, golden=golden, metadata={},
        rule=ServingRule(), home=home,
    )  # fmt: skip
    return made, golden


def test_a_corrupt_model_and_a_broken_scorer_in_real_bentos(
    bento: tuple[Release, Golden], place: Place, tmp_path: Path, counts: Callable[..., None]
) -> None:
    release, golden = bento
    said: list[str] = []

    def deploy(path: Path, version: str) -> str:
        damaged = release.model_copy(update={"path": str(path), "version": version})
        return deployments.deploy(
            damaged, workers=1, golden=golden, home=place.home, on_promoted=place.follow,
            report=said.append, patience_s=40.0,
        ).url  # fmt: skip

    url = deploy(Path(release.path), "1")

    def copy(name: str, file: str, change: Callable[[bytes], bytes]) -> Path:
        there = tmp_path / name
        shutil.copytree(release.path, there)
        (broken,) = there.rglob(file)
        broken.chmod(0o600)
        broken.write_bytes(change(broken.read_bytes()))
        return there

    flipped = copy("flipped", "model.onnx", lambda old: old[:200] + b"\0\0\0\0" + old[204:])
    broken = copy("scorer", "scorer.py", lambda old: old + b"\nraise RuntimeError('no scorer')\n")
    for path, version in ((flipped, "2"), (broken, "3")):
        with pytest.raises(KaizenError, match=r"was not deployed: .*v1 goes on serving"):
            deploy(path, version)
        answer = httpx.post(f"{url}/predict", json={"rows": golden.requests[:1]})
        assert answer.json()["model_version"] == "1"
    eventually(lambda: {each.version for each in deployments.status(place.home)} == {"1"})
    counts(damaged_bentos=2)
