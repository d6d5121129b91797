"""When an alert begins, comes back, is over, and is told."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kaizen.monitoring.alerts import lifecycle
from kaizen.monitoring.alerts.alert import Alert, RuleState
from kaizen.monitoring.alerts.messages import message

STATE = RuleState(usecase="diabetes", version="3", rule="data")


class Run:
    """One rule over windows a minute apart, told at once whenever something is due."""

    def __init__(self, needed: int = 1, resolve_after: int = 2, cooldown_s: float = 600) -> None:
        self.rule = {"needed": needed, "resolve_after": resolve_after, "cooldown_s": cooldown_s}
        self.state, self.alert = STATE, None
        self.alert: Alert | None = None
        self.now = 0.0
        self.messages: list[tuple[float, str]] = []
        self.ids: list[str] = []

    def window(self, met: bool) -> str:
        self.now += 60
        common: dict[str, Any] = {"at": self.now}
        if met:
            self.state, self.alert = lifecycle.met(
                self.state, self.alert, needed=int(self.rule["needed"]), reason="drift",
                window=f"w{self.now:g}", severity="warning",
                cooldown_s=self.rule["cooldown_s"], **common,
            )  # fmt: skip
        else:
            self.state, self.alert = lifecycle.not_met(
                self.state, self.alert, resolve_after=int(self.rule["resolve_after"]), **common
            )
        if self.alert and lifecycle.notify_now(self.alert, self.rule["cooldown_s"], self.now):
            self.alert = lifecycle.notified(self.alert, self.now)
            self.messages.append((self.now, self.alert.told))
        if self.alert and self.alert.id not in self.ids:
            self.ids.append(self.alert.id)
        return self.alert.state if self.alert else ""

    def windows(self, pattern: str) -> list[str]:
        """``x`` meets the rule, ``.`` does not."""
        return [self.window(sign == "x") for sign in pattern]


def test_it_begins_after_so_many_windows_and_ends_after_so_many() -> None:
    run = Run(needed=2)
    states = run.windows("x.xx.x..")
    assert states == ["", "", "", "firing", "firing", "firing", "firing", "resolved"]
    assert [word for _, word in run.messages] == ["firing", "resolved"]
    assert run.alert
    assert (run.alert.windows, run.alert.begun, run.alert.window) == (3, "w240", "w360")


def test_what_comes_back_within_the_cooldown_is_the_same_and_is_not_told() -> None:
    run = Run(resolve_after=1)
    run.windows("x.x.x.x.")
    assert [word for _, word in run.messages] == ["firing", "resolved"]
    assert len(run.ids) == 1
    assert run.alert
    assert run.alert.returned == 3


def test_what_came_back_and_stays_is_told_when_the_cooldown_is_over() -> None:
    run = Run(resolve_after=1)
    run.windows("x.xxxxxxxxxx")
    assert run.messages == [(60, "firing"), (120, "resolved"), (660, "firing")]


def test_after_the_cooldown_it_is_a_new_one() -> None:
    run = Run(resolve_after=1)
    run.windows("x." + "." * 10 + "x")
    assert len(run.ids) == 2
    assert [word for _, word in run.messages] == ["firing", "resolved", "firing"]


def test_of_what_is_acknowledged_only_the_end_is_told() -> None:
    run = Run(resolve_after=1)
    run.windows("x")
    assert run.alert
    run.alert = lifecycle.acknowledged(run.alert, "ops", "known", 70.0)
    assert run.windows("xx")[-1] == "acknowledged"
    assert run.windows(".x") == ["resolved", "acknowledged"], "it came back: somebody knows"
    assert run.windows("x" * 20)[-1] == "acknowledged"
    assert [word for _, word in run.messages] == ["firing", "resolved"]


def test_a_group_waits_for_its_first() -> None:
    run = Run()
    run.windows("x")
    assert run.alert
    other = run.alert.model_copy(update={"changed": 80.0})
    assert not lifecycle.group_complete([], 0, 60)
    assert not lifecycle.group_complete([run.alert, other], 30, 89)
    assert lifecycle.group_complete([run.alert, other], 30, 90)


def test_one_that_is_over_before_its_group_is_still_told() -> None:
    run = Run(resolve_after=1)
    _, alert = lifecycle.met(
        STATE, None, needed=1, window="w", at=0, reason="", severity="info", cooldown_s=0
    )
    assert alert
    over = lifecycle.resolved(alert, 1.0)
    assert lifecycle.notify_now(over, 0, 1.0)
    assert not lifecycle.needs_notification(lifecycle.notified(over, 1.0))
    assert run.messages == []


@settings(max_examples=200, deadline=None)
@given(
    pattern=st.lists(st.booleans(), max_size=80),
    needed=st.integers(1, 3),
    resolve_after=st.integers(1, 3),
)
def test_whatever_comes_it_does_not_spam(
    pattern: list[bool], needed: int, resolve_after: int
) -> None:
    run = Run(needed, resolve_after)
    for met in pattern:
        run.window(met)
    fired = [at for at, word in run.messages if word == "firing"]
    assert all(later - earlier >= 600 for earlier, later in itertools.pairwise(fired))
    words = [word for _, word in run.messages]
    assert all(a != b for a, b in itertools.pairwise(words)), "begin and end alternate"
    longest = max(
        (len(part) for part in "".join("x."[not m] for m in pattern).split(".")), default=0
    )
    assert bool(fired) == (longest >= needed), "nothing long enough is passed over"


def test_an_alert_that_came_back_says_for_which_time() -> None:
    _, alert = lifecycle.met(
        STATE, None, needed=1, window="w", at=0, reason="", severity="info", cooldown_s=0
    )
    assert alert
    assert "time" not in message("diabetes", "log", [alert], 0).body.splitlines()[0]
    for returned, said in ((1, "2nd"), (2, "3rd"), (3, "4th"), (10, "11th"), (21, "22nd")):
        body = message("diabetes", "log", [alert.model_copy(update={"returned": returned})], 0).body
        assert body.splitlines()[0].endswith(f", for the {said} time")
