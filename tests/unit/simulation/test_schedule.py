"""Weights at ticks."""

from __future__ import annotations

import pytest

from kaizen.core.config import check
from kaizen.core.errors import UsageError
from kaizen.simulation.library import scenario
from kaizen.simulation.scenario import Scenario
from kaizen.simulation.schedule import Bumps, Constant, Ramp, Steps


def test_a_ramp_goes_from_one_value_to_the_other() -> None:
    ramp = Ramp(before=4, after=0, begin=10, end=14)
    assert [ramp.weight(tick) for tick in (0, 10, 11, 12, 14, 99)] == [4, 4, 3, 2, 0, 0]
    slow = Ramp(begin=0, end=10, shape="smooth")
    assert slow.weight(1) < 0.1
    assert slow.weight(9) > 0.9
    assert slow.weight(5) == 0.5


@pytest.mark.parametrize("edge", [0, 3])
def test_bumps_are_nothing_outside_of_their_windows(edge: int) -> None:
    bumps = Bumps(windows=((20, 40), (60, 80)), peak=5, edge=edge)
    found = [bumps.weight(tick) for tick in range(100)]
    inside = {*range(20, 40), *range(60, 80)}
    assert {tick for tick, weight in enumerate(found) if weight > 0} == inside
    assert max(found) == found[30] == found[70] == 5
    assert found[20] == found[39] == (5 if edge == 0 else pytest.approx(5 * 0.15625))


def test_steps_hold_until_the_next() -> None:
    steps = Steps(at={5: 1.0, 8: 0.0, 9: 3.0})
    assert [steps.weight(tick) for tick in (0, 4, 5, 7, 8, 9, 50)] == [0, 0, 1, 1, 0, 3, 3]


def test_a_bare_number_is_a_constant() -> None:
    made = check(Scenario, {"rows": 7, "sources": {"one": {"law": 2}}})
    assert made.rows == Constant(value=7)
    assert made.size(3) == 7
    assert made.shares(3) == [1.0]


def test_the_rows_of_a_tick_may_follow_a_law() -> None:
    law = {"KIND": "ramp", "before": 10, "after": 20, "begin": 0, "end": 10}
    made = check(Scenario, {"ticks": 11, "rows": law, "sources": {"one": {}}})
    assert [made.size(tick) for tick in (0, 5, 10)] == [10, 15, 20]


def test_japanese_digits_come_in_their_two_windows_alone() -> None:
    seasonal = scenario("digits", "seasonal")
    at = list(seasonal.sources).index("japanese")
    shares = [seasonal.shares(tick)[at] for tick in range(seasonal.ticks)]
    inside = {*range(20, 40), *range(60, 80)}
    assert seasonal.ticks == 100
    assert {share for tick, share in enumerate(shares) if tick not in inside} == {0.0}
    assert min(shares[tick] for tick in inside) >= 0.60


@pytest.mark.parametrize(("name", "source"), [("external", "devanagari"), ("kannada", "kannada")])
def test_another_script_takes_over(name: str, source: str) -> None:
    external = scenario("digits", name)
    at = list(external.sources).index(source)
    shares = [external.shares(tick)[at] for tick in range(external.ticks)]
    parts = [sum(shares[begin : begin + 20]) / 20 for begin in range(0, 100, 20)]
    assert parts == pytest.approx([0, 0, 0.4, 1, 1], abs=0.01)


@pytest.mark.parametrize(
    ("law", "words"),
    [
        ({"KIND": "bump"}, "unknown s.sources.one.law.KIND 'bump': did you mean 'bumps'?"),
        ({"peak": 1}, "s.sources.one.law.KIND is missing"),
        ({"KIND": "bumps", "windws": []}, "did you mean 's.sources.one.law.windows'?"),
        ({"KIND": "bumps", "windows": [[4, 2]]}, "expected [begin, end] in order"),
        ({"KIND": "ramp", "begin": 5, "end": 5}, "law.end is 5: expected a tick after 5"),
        ({"KIND": "steps", "at": {3: 1}}, "s: no source has a weight at tick 0"),
        (-1, "law.value is -1"),
        ("much", "law is 'much'"),
    ],
)
def test_a_wrong_law_is_named(law: object, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(Scenario, {"ticks": 6, "sources": {"one": {"law": law}}}, "s")
    assert words in str(caught.value)
