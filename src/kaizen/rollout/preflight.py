"""Replays recent requests against a new release before it gets any traffic.

Its answers may differ, because it is another model. It must not refuse, or fail at, a request that
the release before it answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from kaizen.client import http_client
from kaizen.core import catalog
from kaizen.core.errors import KaizenError
from kaizen.core.paths import Home
from kaizen.core.settings import RolloutRule
from kaizen.core.usecase import Features
from kaizen.rollout import replay

LONGEST_S = 5.0
"""No new request is asked again after this long; the newest come first."""
AT_ONCE = 32
LOOKED_THROUGH = 10
"""How many times as many events are looked through for those of the release before."""
NOT_COMPARED = ("confidence",)
"""Confidence almost never matches exactly between models, so it is not compared."""

ReplayCheck = Callable[[str, str, str], str]
"""Given the URL of a new server, and version and URL of the one before: what was seen, in words.
Raises KaizenError when the new one must not go on."""


def replay_check_for(home: Home, usecase: str, rule: RolloutRule) -> ReplayCheck:
    """The replay check of one use case under its rule."""
    return partial(replay_check, home, usecase, rule)


def replay_check(
    home: Home, usecase: str, rule: RolloutRule, url: str, before: str, before_url: str
) -> str:
    """Ask the server at ``url`` what version ``before`` answered last.

    Raises:
        KaizenError: it refuses or fails at a request that ``before`` answers today as well, or
            answers more of them otherwise than the rule allows.
    """
    if not rule.replay_events:
        return "no replay (rollout.replay_events is 0)"
    events = _answered_by(home, usecase, before, rule.replay_events)
    if not events:
        return f"no recent requests of v{before} to replay"
    features = catalog.features(usecase)
    with http_client.asking(url, probe=True, of=home) as ask:
        tried = replay.again(
            features,
            _in_time(events),
            ask,
            tolerance=rule.replay_tolerance,
            ignore=NOT_COMPARED,
            at_once=AT_ONCE,
        )
    found = tried.found
    refused = {each.id: each for each in found.refused}
    lost = _answered_still(home, features, [e for e in events if e["id"] in refused], before_url)
    if lost:
        first = refused[lost[0]]
        raise KaizenError(
            f"replay: {len(lost)} of {found.asked} recent requests that v{before} answers got no "
            f"answer, first {first.id}: {first.status} {first.reason}"
        )
    answered = found.asked - len(found.refused)
    changed = len(found.differing) / answered if answered else 0.0
    words = f"replay: {len(found.differing)} of {answered} recent answers are not v{before}'s"
    if rule.max_changed is not None and changed > rule.max_changed:
        example = found.differing[0]
        raise KaizenError(
            f"{words}, rollout.max_changed allows {rule.max_changed:.2%}; first {example.id}: "
            f"was {example.was}, is {example.now}"
        )
    left_out = len(tried.unreadable) + len(found.refused)
    return f"{words}, {left_out} cannot be asked again" if left_out else words


def _answered_by(home: Home, usecase: str, version: str, count: int) -> list[dict[str, Any]]:
    """The newest events of a version, newest first; older ones are not searched for for long."""
    newest = replay.recent(home, usecase, last=LOOKED_THROUGH * count)
    return [event for event in reversed(newest) if event["version"] == version][:count]


def _in_time(events: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    deadline = time.monotonic() + LONGEST_S
    for event in events:
        if time.monotonic() > deadline:
            return
        yield event


def _answered_still(
    home: Home, features: Features, events: Sequence[Mapping[str, Any]], url: str
) -> list[str]:
    """The ids of ``events`` that the server at ``url`` answers; all when it gives no answer.

    What it refuses today was changed in the log since: nobody can be asked that again.
    """
    try:
        with http_client.asking(url, probe=True, of=home) as ask:
            refused = replay.again(features, events, ask).found.refused if events else ()
    except KaizenError:
        refused = ()
    gone = {each.id for each in refused if each.status < 500}
    return [str(event["id"]) for event in events if event["id"] not in gone]
