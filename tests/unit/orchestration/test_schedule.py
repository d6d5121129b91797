"""What may start when."""

from __future__ import annotations

from kaizen.orchestration.schedule import Schedule

DIAMOND = {"top": [], "left": ["top"], "right": ["top"], "bottom": ["left", "right"]}


def test_a_step_starts_once_all_it_needs_is_done() -> None:
    schedule = Schedule(DIAMOND, [], 8, 2)
    assert schedule.start() == ["top"]
    assert schedule.start() == []
    schedule.ended("top", done=True)
    assert schedule.start() == ["left", "right"]
    schedule.ended("right", done=True)
    assert schedule.start() == []
    schedule.ended("left", done=True)
    assert schedule.start() == ["bottom"]
    assert schedule.waiting == []


def test_what_needs_a_failed_step_waits_for_ever_the_rest_does_not() -> None:
    schedule = Schedule(DIAMOND, [], 8, 2)
    schedule.start()
    schedule.ended("top", done=True)
    schedule.start()
    schedule.ended("left", done=False)
    schedule.ended("right", done=True)
    assert schedule.start() == []
    assert schedule.waiting == ["bottom"]
    assert not schedule.running


def test_limits_hold_and_a_light_step_passes_a_waiting_heavy_one() -> None:
    free = dict.fromkeys(["a", "b", "c", "d", "e"], ())
    schedule = Schedule(free, ["a", "b", "c"], 3, 1)
    assert schedule.start() == ["a", "d", "e"]
    schedule.ended("d", done=True)
    assert schedule.start() == []
    schedule.ended("a", done=False)
    assert schedule.start() == ["b"]


def test_a_step_that_the_cache_has_taken_away_counts_as_done() -> None:
    assert Schedule({"b": ["cached"]}, [], 1, 1).start() == ["b"]
