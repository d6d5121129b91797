"""Changes of the desired row, one by one."""

from __future__ import annotations

import pytest

from kaizen.core.errors import KaizenError, UsageError
from kaizen.core.results import Release
from kaizen.rollout import traffic
from kaizen.rollout.state import Canary, Desired, Placed


def placed(version: str, weight: int, slot: str = "blue", warm: float | None = None) -> Placed:
    release = Release(usecase="digits", version=version, tag="", digest="", path="")
    return Placed(
        release=release, weight=weight, port=1, slot=slot, service=f"s{version}", warm_until=warm
    )


def row(*releases: Placed, previous: tuple[str, ...] = ()) -> Desired:
    line = tuple(placed(version, 0).release for version in previous)
    return Desired(usecase="digits", releases=releases, workers=1, previous=line, keep_warm_s=60.0)


def weights(found: Desired) -> dict[str, int]:
    return {each.release.version: each.weight for each in found.releases}


def test_weights_as_a_user_writes_them() -> None:
    assert traffic.parse(["3=90", "v4=10%"]) == {"3": 90, "4": 10}
    assert traffic.parse(["3=100", "4=0"]) == {"3": 100}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["3=90"], "the weights are 90 together: expected 100"),
        (["3=60", "4=60"], "the weights are 120 together"),
        (["3"], "'3': expected VERSION=WEIGHT"),
        (["=100"], "expected VERSION=WEIGHT"),
        (["3=-1", "4=101"], "'3=-1': expected VERSION=WEIGHT"),
        (["3=x"], "'3=x': expected"),
        (["3=50", "v3=50"], "version 3 is named twice"),
        (["3=50", "4=25", "5=25"], "3 versions: the router splits between two"),
    ],
)
def test_weights_that_are_none(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        traffic.parse(words)
    assert refusal.value.exit_code == 2


def test_a_split_keeps_warm_what_has_no_share() -> None:
    both = row(placed("1", 100), placed("2", 0, "green"), previous=("0",))
    all_new = traffic.split(both, {"s2": 100}, now=1000.0)
    assert weights(all_new) == {"1": 0, "2": 100}
    assert all_new.releases[0].warm_until == 1060.0
    assert [each.version for each in all_new.previous] == ["0", "1"]
    part = traffic.split(both, {"s1": 90, "s2": 10}, now=1000.0)
    assert weights(part) == {"1": 90, "2": 10}
    assert [each.version for each in part.previous] == ["0"], "the main one is the same"
    assert {each.warm_until for each in part.releases} == {None}


def test_room_is_made_from_what_is_needed_least() -> None:
    assert traffic.make_room(row(placed("1", 100))) == row(placed("1", 100))
    pair = row(placed("1", 30), placed("2", 70, "green"))
    assert weights(traffic.make_room(pair)) == {"2": 100}
    assert weights(traffic.make_room(pair, keep="1")) == {"1": 100}
    warm = row(placed("1", 0, warm=5.0), placed("2", 100, "green"))
    kept = traffic.make_room(warm, keep="1").releases
    assert [(each.weight, each.warm_until) for each in kept] == [(100, None)]


def test_who_is_new() -> None:
    here = row(placed("1", 100))
    assert traffic.newcomer(here, {"1": 90, "2": 10}) == "2"
    assert traffic.newcomer(here, {"1": 100}) is None
    with pytest.raises(KaizenError, match="neither v2 nor v3 of digits is served now"):
        traffic.newcomer(here, {"2": 50, "3": 50})


def test_a_canary_there_and_back() -> None:
    canary = Canary(version="2", stages=(10, 50, 100), at=0, since=0, min_requests=1, max_seconds=1)
    both = traffic.with_waiting(row(placed("1", 100)), placed("2", 100, "green"))
    assert weights(both) == {"1": 100, "2": 0}
    first = traffic.staged(both, canary)
    assert weights(first) == {"1": 90, "2": 10}
    last = traffic.staged(first, canary.model_copy(update={"at": 1}))
    assert weights(last) == {"1": 50, "2": 50}
    assert last.main.release.version == "1", "until it has arrived"
    back = traffic.without_canary(last, now=1000.0)
    assert weights(back) == {"1": 100, "2": 0}
    assert back.canary is None
    services = {"s1": 1, "s2": 1}
    assert [each.service for each in traffic.expired(back, services, 1000.0)] == ["s2"]


def test_what_is_over() -> None:
    here = row(placed("1", 100), placed("2", 0, "green", warm=1010.0))
    assert traffic.expired(here, {"s1": 1, "s2": 1}, 1000.0) == []
    assert [each.service for each in traffic.expired(here, {"s1": 1, "s2": 1}, 1010.0)] == ["s2"]
    assert [each.service for each in traffic.expired(here, {"s1": 1}, 1000.0)] == ["s2"]
    assert traffic.expired(row(placed("1", 100)), {}, 1000.0) == [], "what has a share is due"
