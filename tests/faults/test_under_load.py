"""Swaps, splits, canaries and ways back while clients ask: no request fails."""

from __future__ import annotations

from collections.abc import Callable

from rolling import Load, Place, eventually

from kaizen.core.settings import RolloutRule
from kaizen.rollout.state import State

STAGED = RolloutRule(stages=(10, 50, 100), min_requests=50, max_seconds=30, keep_warm_s=0)


def test_no_request_fails_while_releases_come_and_go(
    place: Place, faults: int, counts: Callable[..., None]
) -> None:
    due = max(1000, 100 * faults)
    live = place.deploy("1")
    version, changes = 1, 0
    with Load(live.url, clients=8) as load:
        eventually(lambda: len(load.answers) > 100, 30)
        while changes < 8 or len(load.answers) < due:
            version += 1
            place.deploy(str(version))
            place.rollback()
            place.shift({"1": 50, str(version): 50})
            place.deploy(f"{version}00", rule=STAGED)
            place.shift({"1": 100}, keep_warm_s=1.0)
            changes += 5
    with State(place.home) as state:
        assert state.desired()["diabetes"].main.release.version == "1"
    assert load.failures == []
    assert len(load.answers) >= due
    assert len(set(load.answers)) > 3, "several releases have answered"
    counts(requests=len(load.answers), failed=len(load.failures), changes=changes)
