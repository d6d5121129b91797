"""The rule of a canary's stage, on counted requests."""

from __future__ import annotations

import json
import random

import pytest

from kaizen.rollout.canary import RISK, Tally, count, judge, risk
from kaizen.rollout.state import Canary

CANARY = Canary(
    version="2", stages=(10, 50, 100), at=0, since=1000.0, min_requests=100, max_seconds=60.0
)


def line(place: str, at: float, status: int) -> str:
    return json.dumps({"ts": at, "slot": place, "status": status, "duration": 0.1})


def test_only_requests_of_the_stage_are_counted() -> None:
    lines = [
        line("digits.green", 999.9, 500),
        line("digits.green", 1000.1, 200),
        line("digits.green", 1000.2, 422),  # the client's own fault
        line("digits.green", 1000.3, 502),
        line("digits.green", 1000.4, 499),
        line("digits.blue", 1000.5, 504),
        '{"ts": 1000.6, "status": 500}',  # pinned
        '{"ts": 1000.6, "slot": "digits.gre',
    ]
    found = count(lines, 1000.0)
    assert found == {"digits.green": Tally(4, 2), "digits.blue": Tally(1, 1)}
    more = count([line("digits.blue", 1001.0, 200)], 1000.0, found)
    assert more["digits.blue"] == Tally(2, 1)
    assert found["digits.blue"] == Tally(1, 1)


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (Tally(10, 0), Tally(100, 50), 1.0),
        (Tally(1, 1), Tally(0, 0), 1.0),
        (Tally(10, 1), Tally(1000, 0), 10 / 1010),
        (Tally(2, 2), Tally(2, 0), 1 / 6),
    ],
)
def test_the_risk_is_fishers(new: Tally, old: Tally, expected: float) -> None:
    assert risk(new, old) == pytest.approx(expected)


def test_the_risk_is_what_scipy_calls_fishers_exact_test() -> None:
    from scipy.stats import fisher_exact

    draw = random.Random(1)
    for _ in range(50):
        new, old = (
            Tally(n, draw.randint(0, n)) for n in (draw.randint(1, 60), draw.randint(1, 300))
        )
        table = [[new.failed, new.requests - new.failed], [old.failed, old.requests - old.failed]]
        assert risk(new, old) == pytest.approx(fisher_exact(table, "greater").pvalue)


@pytest.mark.parametrize(
    ("new", "old", "seconds", "what"),
    [
        (Tally(99, 0), Tally(900, 0), 10, "wait"),
        (Tally(100, 0), Tally(900, 0), 10, "advance"),
        (Tally(100, 3), Tally(900, 27), 10, "advance"),  # no worse than the old one
        (Tally(10, 3), Tally(900, 0), 1, "roll_back"),  # at once, not at the stage's end
        (Tally(100, 9), Tally(900, 9), 61, "roll_back"),
        (Tally(3, 0), Tally(20, 0), 59, "wait"),
        (Tally(3, 0), Tally(20, 0), 61, "recheck"),
        (Tally(0, 0), Tally(0, 0), 61, "recheck"),
    ],
)
def test_what_becomes_of_a_stage(new: Tally, old: Tally, seconds: float, what: str) -> None:
    decision = judge(CANARY, new, old, CANARY.since + seconds)
    assert decision.what == what
    assert f"{new.failed} of {new.requests} requests failed" in decision.why


def test_equal_releases_are_seldom_taken_back_however_often_one_looks() -> None:
    draw = random.Random(7)

    def goes_back(rate: float) -> bool:
        new = old = Tally()
        while new.requests < CANARY.min_requests:
            for _ in range(20):
                failed = draw.random() < rate
                if draw.random() < 0.1:
                    new = Tally(new.requests + 1, new.failed + failed)
                else:
                    old = Tally(old.requests + 1, old.failed + failed)
            if risk(new, old) < RISK:
                return True
        return False

    assert sum(goes_back(0.02) for _ in range(300)) / 300 < 0.08
