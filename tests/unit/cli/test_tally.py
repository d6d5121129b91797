"""Which of many steps are worth a line, and what it costs to know."""

from __future__ import annotations

import time

from kaizen.cli.tally import Tally, in_words, seconds_in_words
from kaizen.core.progress import State, StepEvent


def tally(**steps: State) -> Tally:
    made = Tally()
    for name, state in steps.items():
        made.take(StepEvent(name, state))
    return made


def test_running_and_failed_steps_are_shown_first_then_those_that_ended_last() -> None:
    made = tally(a="done", b="failed", c="done", d="running", e="cached", f="planned")
    assert made.shown(6) == (list("abcdef"), {})
    names, others = made.shown(5)
    assert names == ["b", "c", "d", "e"]
    assert others == {"done": 1, "planned": 1}
    assert made.shown(3)[0] == ["b", "d"]
    assert made.shown(1) == ([], {"done": 2, "cached": 1, "failed": 1, "running": 1, "planned": 1})
    made.take(StepEvent("a", "running"))
    made.take(StepEvent("a", "done"))
    assert made.shown(4)[0] == ["a", "b", "d"], "a ended last"
    made.take(StepEvent("b", "running"))
    assert made.unfinished() == ["b", "d"]


def test_where_even_those_are_too_many_both_are_seen() -> None:
    steps: dict[str, State] = {f"f{number}": "failed" for number in range(30)}
    steps |= {f"r{number}": "running" for number in range(30)}
    names, others = tally(**steps).shown(11)
    assert [name[0] for name in names] == ["f"] * 5 + ["r"] * 5
    assert in_words(others) == "25 failed, 25 running"


def test_an_event_and_a_look_cost_the_same_however_many_steps_there_are() -> None:
    """Twenty times the steps: far less than twenty times as long, whatever the machine does."""

    def cost(steps: int) -> float:
        made = tally(**{f"s{number}": "done" for number in range(steps)})
        best = []
        for _ in range(5):
            begun = time.thread_time()
            for _ in range(200):
                made.take(StepEvent("s7", "running"))
                made.take(StepEvent("s7", "done"))
                made.shown(23)
            best.append(time.thread_time() - begun)
        return min(best)

    assert cost(20_000) < 5 * cost(1_000)


def test_durations_for_people() -> None:
    told = [seconds_in_words(seconds) for seconds in (0.04, 9.94, 9.96, 59.4, 59.6, 318)]
    assert told == ["0.0 s", "9.9 s", "10 s", "59 s", "1 min 0 s", "5 min 18 s"]
